import { refuse } from '../../core/errors.ts'
import { sinceOf } from '../../ecs/logs/since.ts'
import { containerOf } from '../../ecs/revision.ts'
import { findOwn } from '../../session/owner.ts'
import { title } from '../../session/rollout/screen.ts'
import { openService, orRefuse } from '../../session/service.ts'
import type { VerifyFlags } from './definitions.ts'
import { checklist } from './verify/checks.ts'
import { verdict, verifyScreen } from './verify/screen.ts'

/**
 * A checklist of a service after a deploy: what runs, whether it answers, what it was given, what it writes. Nothing is changed.
 * @returns 0 when nothing has failed; what nobody could look at is said, and is no failure
 */
export const verifyServiceCommand = async (key: string | undefined, f: VerifyFlags): Promise<number> => {
  const url = f.url === undefined ? undefined : addressOf(f.url)
  const since = f.since === undefined ? undefined : sinceOf(f.since, Date.now())
  for (const name of f.expect)
    if (!/^[\w.-]+$/.test(name))
      throw refuse(`--expect ${name} names no variable`, 'only names are looked at, never values', '--expect LOG_LEVEL')
  for (const phrase of f.log)
    if (phrase.replace(/^!/, '').trim() === '')
      throw refuse('--log has no phrase', undefined, "--log 'Started' or --log '!Traceback'")
  const p = await openService(key, f, 'verify', false)
  try {
    const found = await orRefuse(p, findOwn(p, 'verify'))
    const container = containerOf(found.definition, f.container, found.service).name ?? ''
    title(p, 'Verify')
    const screen = verifyScreen(p)
    for (const checks of checklist(p, found, { url, since, container, expect: f.expect, log: f.log })) screen.show(await checks)
    return verdict(p, found, screen.shown)
  } finally {
    await p.close()
  }
}

/** A whole address, or only a path: then it is that of the load balancer. @throws InfraError (exit 2) */
const addressOf = (text: string): URL | string => {
  if (/^\/(?!\/)/.test(text)) return text
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol)) return url
  throw refuse(
    `--url ${text} is no address`,
    'it begins with http:// or https://, or is a path',
    '--url https://shop.example.com/health, or --url /health',
  )
}
