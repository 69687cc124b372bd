import { interruptions } from './interruptions.ts'

interruptions('after')
