import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { spawn } from '@lydell/node-pty'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BIN } from '../../support/cli.ts'
import { judgedHere } from '../../support/models/here.ts'
import { KEYS, terminal } from '../support/terminal.ts'
import { type House, house, ID, task } from './account.ts'

const WHERE = ['--cluster', 'shop', '--service', 'web'] as const
const isAlive = (pid: unknown): boolean => {
  try {
    return process.kill(Number(pid), 0)
  } catch {
    return false
  }
}

describe('infra exec', () => {
  let h: House
  beforeEach(async () => {
    h = await house()
  })
  afterEach(() => h.close())
  const play = (mode: string, more: Record<string, string> = {}): void => {
    Object.assign(h.p.env, { STAND_IN_MODE: mode, ...more })
  }

  it('a command without a terminal: one text for ECS, its output on stdout, and the input never ends', async () => {
    play('command')
    const ran = await h.p.run('exec', ...WHERE, '--', 'python', 'manage.py', 'shell', '-c', 'print("it\'s 1")')
    expect(ran.code, ran.all).toBe(0)
    expect(ran.stdout).toContain('what the command says')
    expect(ran.stderr).toContain(`web in the task ${ID}: python manage.py shell`)
    expect(ran.stderr).toContain('How the command ended is not known: ECS Exec does not tell.')
    expect(ran.stderr).toContain('infra run --cluster shop --service web -- <command>')
    expect(h.account.of('ExecuteCommand')).toEqual([
      {
        cluster: 'shop',
        task: `arn:aws:ecs:us-east-1:111122223333:task/shop/${ID}`,
        container: 'web',
        command: `python manage.py shell -c 'print("it'\\''s 1")'`,
        interactive: true,
      },
    ])
    const [started] = await h.plugin()
    expect(started).toMatchObject({
      region: 'us-east-1',
      operation: 'StartSession',
      Target: `ecs:shop_${ID}_${ID}-2`,
      SessionId: 'ecs-execute-command-1',
      TokenValue: 'token-AAEAAd',
    })
    // Where others could see it.
    expect(JSON.stringify(started?.args)).not.toContain('token-AAEAAd')
    expect(h.account.of('TerminateSession')).toEqual([])
  })

  it('the exit code of the plugin is passed on, and then nothing is said of the command', async () => {
    play('command', { STAND_IN_CODE: '7' })
    const ran = await h.p.run('exec', ...WHERE, 'ls')
    expect(ran.code, ran.all).toBe(7)
    expect(ran.stderr).not.toContain('How the command ended')
  })

  it('a session that does not come to be is a failure, although the plugin ends with 0; its token is not shown again', async () => {
    play('refused')
    const ran = await h.p.run('exec', ...WHERE, '--', 'ls')
    expect(ran.code, ran.all).toBe(1)
    expect(ran.stderr).toContain(`The session in the task ${ID} did not come to be: Cannot perform start session: websocket`)
    expect(ran.stderr).not.toContain('token-AAEAAd')
    expect(ran.stderr).toContain('Next: Run the same command again')
  })

  it('a shell in a terminal: Ctrl-C goes to the other side, and the terminal is as before', async () => {
    const t = terminal(h.p, ['exec', ...WHERE])
    await t.sees('remote $')
    expect(h.account.of('ExecuteCommand')[0]?.command).toBe('/bin/sh')
    t.press(KEYS.ctrlC)
    await t.sees('remote hears SIGINT')
    t.press('ls\r')
    await t.sees('remote hears ls')
    // Ctrl-Z must not leave the plugin behind alone with the terminal.
    t.press('\x1a')
    await t.sees('remote hears SIGTSTP')
    t.press('exit\r')
    expect(await t.done, t.screen()).toBe(0)
    expect((await h.plugin()).map((n) => n.signal).filter(Boolean)).toEqual(['SIGINT', 'SIGTSTP'])
    expect(t.screen()).not.toContain('How the command ended')
  })

  it('a plugin that is killed leaves the terminal as it was, and the session is ended in AWS', async () => {
    const line = `"${process.execPath}" "${BIN}" exec ${WHERE.join(' ')}; echo "code $?"; stty -a`
    const pty = spawn('/bin/sh', ['-c', line], { cwd: h.p.dir, env: judgedHere(h.p.env), cols: 200, rows: 40 })
    let screen = ''
    let killed = false
    const done = new Promise((resolve) => pty.onExit(resolve))
    await new Promise<void>((resolve) => {
      pty.onData(async (data) => {
        screen += data
        if (/ echo /.test(screen)) resolve()
        if (killed || !screen.includes('remote $')) return
        killed = true
        process.kill(Number((await h.plugin())[0]?.pid), 'SIGKILL')
      })
    })
    await done
    expect(screen).toContain('code 137')
    expect(screen).toMatch(/(?<!-)\bicanon\b/)
    expect(screen).toMatch(/(?<!-)\becho\b/)
    expect(h.account.of('TerminateSession')).toEqual([{ SessionId: 'ecs-execute-command-1' }])
  })

  it('told to end: the plugin ends with it, and the session is ended in AWS', async () => {
    const running = h.p.start('exec', ...WHERE, '--', 'sleep', '100')
    await running.printed('remote $')
    running.kill('SIGTERM')
    const ran = await running.done
    expect(ran.code, ran.all).toBe(143)
    expect(h.account.of('TerminateSession')).toEqual([{ SessionId: 'ecs-execute-command-1' }])
    expect(isAlive((await h.plugin())[0]?.pid)).toBe(false)
  })

  it('Ctrl-C that reaches only infra goes on to the other side', async () => {
    const running = h.p.start('exec', ...WHERE, '--', 'sleep', '100')
    await running.printed('remote $')
    running.kill('SIGINT')
    await running.printed('remote hears SIGINT')
    running.kill('SIGTERM')
    expect((await running.done).code).toBe(143)
  })

  it('several tasks: the youngest that takes a session, and it is said; --task by the beginning of its id', async () => {
    play('command')
    const agent = { managedAgents: [{ name: 'ExecuteCommandAgent', lastStatus: 'PENDING' }] }
    h.account.tasks = [task('aaa1', 10), task('bbb2', 30), task('ccc3', 40, {}, agent)]
    const ran = await h.p.run('exec', ...WHERE, '--', 'ls')
    expect(ran.code, ran.all).toBe(0)
    expect(ran.stderr).toContain('web in the task bbb2 (one of 3; another one: --task <id>): ls')
    await h.p.run('exec', ...WHERE, '--task', 'aa', '--container', 'web', '--', 'ls')
    expect(h.account.of('ExecuteCommand').map((i) => String(i.task).split('/').at(-1))).toEqual(['bbb2', 'aaa1'])
  })

  it('without the plugin it says how to install it, and asks for no session', async () => {
    h.p.env.PATH = '/usr/bin:/bin'
    const ran = await h.p.run('exec', ...WHERE, '--', 'ls')
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toContain('The session-manager-plugin is not on this machine')
    expect(ran.stderr).toMatch(/Debian, Ubuntu: curl/)
    expect(ran.stderr).not.toContain('databases.via')
    expect(h.account.of('ExecuteCommand')).toEqual([])
  })

  it.each([
    [
      'a shell without a terminal',
      [],
      'A shell needs a terminal, and there is none here: input or output is a file, a pipe or a script.',
    ],
    ['--json', ['--json', '--', 'ls'], 'infra exec has no --json: it gives a terminal away'],
  ])('refuses %s before it asks AWS', async (_, flags, words) => {
    const ran = await h.p.run('exec', ...WHERE, ...flags)
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toContain(words)
    expect(ran.stderr).toContain('-- <command>')
    expect(h.account.sent).toEqual([])
  })

  it('refuses what has no agent with the reason that ECS gives, and says what cannot be seen', async () => {
    h.account.refuse = {
      ExecuteCommand: {
        error: 'TargetNotConnectedException',
        message: 'The execute command failed due to an internal error. Try again later.',
      },
    }
    const ran = await h.p.run('exec', ...WHERE, '--', 'ls')
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toContain(`The task ${ID} takes no session now: The execute command failed due to an internal error.`)
    expect(ran.stderr).toContain('The usual causes: the task role lacks the ssmmessages actions')
    expect(ran.stderr).toContain('infra deploy --cluster shop --service web --force')
    expect(await h.plugin()).toEqual([])
  })

  it('a service of the config: by its key, with its own words', async () => {
    const ecs = 'ecs: { exec: false, cluster: shop, services: { web: { name: web, image: "nginx:1", subnets: public } } }'
    await writeFile(
      join(h.p.dir, 'infra.yaml'),
      `project: shop\nenvironment: dev\nregion: us-east-1\nsteps: [vpc, ecs]\nvpc: { nat: none }\n${ecs}\n`,
    )
    h.account.service = { enableExecuteCommand: false }
    h.account.tasks = [task(ID, 10, { enableExecuteCommand: false })]
    const ran = await h.p.run('exec', '--', 'ls')
    expect(ran.code, ran.all).toBe(2)
    expect(ran.stderr).toContain('ECS Exec is off for the service web')
    expect(ran.stderr).toContain('Next: Set ecs.exec: true in infra.yaml, then: infra create ecs && infra deploy web --force')
  })
})
