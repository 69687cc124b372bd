import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { BIN } from '../../support/cli.ts'
import { events, wrote, type Yard, yard } from '../run/place.ts'
import { terminal } from '../support/terminal.ts'

const url = inject('motoUrl')
const FOREIGN = ['--cluster', 'shop-dev-cluster', '--service', 'shop-dev-web'] as const
const OLD = 'aaaa1111222233334444555566667777'
const NEW = 'bbbb1111222233334444555566667777'

describe.skipIf(!url)('infra logs', () => {
  let y: Yard
  const now = Date.now()
  beforeAll(async () => {
    y = await yard(url ?? '')
    await wrote(y, `web/web/${OLD}`, [
      [now - 7_200_000, 'long ago'],
      [now - 400_000, 'GET /health 200'],
      [now - 200_000, 'first\nsecond\n'],
    ])
    await wrote(y, `web/web/${NEW}`, [[now - 300_000, 'ERROR \u001b[31mred\u001b[0m \u001b[2J\u001b]0;title\u0007end']])
    await wrote(y, `other/web/${NEW}`, [[now - 300_000, 'of somebody else']])
  })
  afterAll(() => y?.close())
  const at = (ms: number): string => new Date(ms).toISOString()
  const lines = (stdout: string): string[] => stdout.split('\n').filter((l) => /aaaa1111|bbbb1111/.test(l))

  it('all tasks in one, oldest first, each line with time and task; raw into a pipe', async () => {
    const ran = await y.p.run('logs')
    expect(ran.code, ran.all).toBe(0)
    expect(lines(ran.stdout)).toEqual([
      `${at(now - 400_000)} aaaa1111 GET /health 200`,
      `${at(now - 300_000)} bbbb1111 ERROR \u001b[31mred\u001b[0m \u001b[2J\u001b]0;title\u0007end`,
      `${at(now - 200_000)} aaaa1111 first`,
      `${at(now - 200_000)} aaaa1111 second`,
    ])
    expect(ran.stdout).not.toContain('somebody else')
    expect(ran.stderr).toBe('')
    // The tasks of the service itself write too.
    expect(ran.stdout).toContain('listening on port')
  })

  it('on a terminal: a colour for each task, and nothing that wrecks it', async () => {
    const t = terminal(y.p, ['logs', 'web', '--since', at(now - 450_000)])
    expect(await t.done).toBe(0)
    expect(t.screen()).toContain('ERROR red end')
    expect(t.raw()).toContain('\u001b[31mred\u001b[0m')
    expect(t.raw()).not.toContain('\u001b[2J')
    expect(t.raw()).not.toContain('title')
    expect(t.screen()).toContain('aaaa1111 GET /health 200')
    const paints = ['aaaa1111', 'bbbb1111'].map((id) => new RegExp(`\u001b\\[(3\\d)m${id}`).exec(t.raw())?.[1])
    expect(paints[0]).toBeDefined()
    expect(paints[1]).toBeDefined()
    expect(paints[0]).not.toBe(paints[1])
  })

  it('for programs an object for each event, as it was written', async () => {
    const ran = await y.outside.run('logs', ...FOREIGN, '--since', at(now - 250_000), '--task', OLD.slice(0, 8), '--json')
    expect(ran.code, ran.all).toBe(0)
    expect(events(ran.stdout)).toEqual([
      { type: 'log', at: at(now - 200_000), task: OLD, container: 'web', message: 'first\nsecond\n', stream: `web/web/${OLD}` },
    ])
  })

  it('of a task of the config by its key', async () => {
    const none = await y.p.run('logs', 'migrate')
    expect(none.code, none.all).toBe(0)
    expect(none.stdout).toBe('')
    expect(none.stderr).toMatch(/^No events of shop-dev-migrate since \S+Z\.\nNext: infra logs migrate --since 1d\n$/)
    await y.p.run('run', 'migrate', '--yes', '--no-wait')
    // Its container writes when somebody looks at it.
    await expect.poll(async () => (await y.p.run('logs', 'migrate')).stdout, { timeout: 10_000 }).toContain('starting')
  })

  it('says what was looked for when nothing was found', async () => {
    const ran = await y.p.run('logs', 'web', '--filter', 'NOTHING', '--task', 'cccc')
    expect(ran.code, ran.all).toBe(0)
    expect(ran.stdout).toBe('')
    expect(ran.stderr).toMatch(/^No events of shop-dev-web in the task cccc that match NOTHING since /)
    expect(ran.stderr).toContain('Next: infra logs web --since 1d, or without --filter')
  })

  it('passes the pattern on', async () => {
    const ran = await y.p.run('logs', 'web', '--filter', 'ERROR')
    expect(lines(ran.stdout)).toHaveLength(1)
    expect(ran.stdout).toContain('bbbb1111 ERROR')
  })

  it('follows: what comes is heard once, and Ctrl-C leaves at once', async () => {
    const run = y.p.start('logs', 'web', '-f', '--since', at(now - 250_000))
    await run.printed('aaaa1111 second')
    await wrote(y, `web/web/cccc1111222233334444555566667777`, [[Date.now(), 'a new task']])
    await run.printed('cccc1111 a new task')
    run.kill('SIGINT')
    const ran = await run.done
    expect(ran.code).toBe(130)
    expect(ran.stdout.match(/a new task/g)).toHaveLength(1)
    expect(ran.stdout.match(/second/g)).toHaveLength(1)
  })

  it('a reader that has seen enough ends it quietly', async () => {
    const many = Array.from({ length: 5000 }, (_, n) => [now - 100_000 + n, `line ${n} ${'x'.repeat(60)}`] as const)
    await wrote(y, `web/web/${NEW}`, many.slice(0, 2500))
    await wrote(y, `web/web/${NEW}`, many.slice(2500))
    for (const more of [[], ['-f']]) {
      const command = [process.execPath, BIN, 'logs', 'web', '--task', 'bbbb', '--since', at(now - 150_000), ...more].join(' ')
      const done = await promisify(execFile)('bash', ['-c', `${command} | head -n 2; echo "code \${PIPESTATUS[0]}"`], {
        cwd: y.p.dir,
        env: y.p.env,
      })
      expect(done.stdout).toMatch(/^\S+ bbbb1111 line .*\n\S+ bbbb1111 line .*\ncode 0\n$/)
      expect(done.stderr).toBe('')
    }
  })

  it.each([
    ['a time that is none', ['--since', 'yesterday'], '--since yesterday is no time'],
    ['an empty pattern', ['--filter', ' '], '--filter is empty'],
    ['a task that is none', ['--task', 'x y'], '--task x y is no task'],
    ['a key that is not there', ['wen'], 'There is no service or task wen in infra.yaml: did you mean web?'],
  ])('refuses %s', async (_, args, words) => {
    const ran = await y.p.run('logs', ...args)
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toContain(words)
  })

  const altered = async (from: RegExp, to: string, ...args: string[]) => {
    y.proxy.edit = (call, text) => (call.op === 'ecs.DescribeTaskDefinition' ? text.replaceAll(from, to) : text)
    const ran = await y.p.run('logs', 'web', ...args)
    y.proxy.edit = undefined
    return ran
  }

  it('a service whose log goes elsewhere', async () => {
    const ran = await altered(/"logDriver": ?"awslogs"/g, '"logDriver":"awsfirelens"')
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toContain('shop-dev-web has no log that can be read here: web: its log goes through FireLens')
  })

  it('a log group that is not there yet', async () => {
    const ran = await altered(/\/ecs\/shop-dev-web/g, '/ecs/none')
    expect(ran.code, ran.all).toBe(0)
    expect(ran.stdout).toBe('')
    expect(ran.stderr).toBe(
      'The log group /ecs/none does not exist yet: no task has written into it.\nNext: infra status says whether tasks start.\n',
    )
  })

  it('a pattern that AWS does not take, and no right to read', async () => {
    y.proxy.rules = [{ match: /^logs\.FilterLogEvents$/, error: 'InvalidParameterException', message: 'Invalid filter pattern' }]
    const pattern = await y.p.run('logs', 'web', '--filter', '[x')
    expect(pattern.code, pattern.all).toBe(2)
    expect(pattern.stderr).toContain('CloudWatch Logs does not take the filter pattern [x: Invalid filter pattern.')
    const message = 'User: me is not authorized to perform: logs:FilterLogEvents'
    y.proxy.rules = [{ match: /^logs\.FilterLogEvents$/, error: 'AccessDeniedException', message }]
    const denied = await y.p.run('logs', 'web')
    y.proxy.rules = []
    expect(denied.code, denied.all).toBe(1)
    expect(denied.stderr).toContain('me may not do logs:FilterLogEvents')
  })
})
