import { interruptions } from './interruptions.ts'

interruptions('before')
