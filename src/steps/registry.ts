import type { Config } from '../config/config.ts'
import { Repository } from '../kinds/ecr/repository.ts'
import type { Add, Registry } from './types.ts'

/** Where images are kept: scanned when they are pushed, encrypted, and the oldest taken away. */
export const registry = (add: Add, c: Config): Registry => {
  const { keepImages, scanOnPush, mutability, name } = c.registry
  const { uri } = add(Repository, 'registry', { scanOnPush, encryption: 'AES256', mutability, keepImages }, { name })
  return { uri }
}
