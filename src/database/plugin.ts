import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { partitionOf } from '../aws/regions.ts'
import { InfraError } from '../core/errors.ts'

/** AWS's own program, which carries the bytes of a session. */
export const PLUGIN = 'session-manager-plugin'
const DOCUMENT = 'https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html'
const DOWNLOADS = 'https://s3.amazonaws.com/session-manager-downloads/plugin/latest'

/** The name of the environment variable in which newer ones take the answer of StartSession: its token opens the session. */
const RESPONSE = 'AWS_SSM_START_SESSION_RESPONSE'
/** The last one that takes it on the command line only. AWS's own CLI goes by the same number (awscli/customizations/sessionmanager.py). */
const LAST_WITHOUT = '1.2.497.0'
/** AWS announces that Session Manager will refuse older ones. */
const RECOMMENDED = '1.2.764.0'

export interface Plugin {
  readonly version: string
  /** Takes the token through the environment. */
  readonly hidesToken: boolean
}

const isNewer = (a: string, b: string): boolean => {
  const [x, y] = [a, b].map((v) => v.split('.').map(Number))
  const at = [0, 1, 2, 3].find((i) => (x?.[i] ?? 0) !== (y?.[i] ?? 0))
  return at !== undefined && (x?.[at] ?? 0) > (y?.[at] ?? 0)
}

/**
 * @param otherwise how to do without it, where that can be done
 * @throws InfraError that says how to install it
 */
export const findPlugin = async (
  env: NodeJS.ProcessEnv,
  report: (line: string) => void,
  otherwise = ', or set databases.via in infra.yaml to task',
): Promise<Plugin> => {
  const version = await new Promise<string>((resolve, reject) => {
    execFile(PLUGIN, ['--version'], { env, timeout: 10_000 }, (error, stdout) => {
      if (!error) resolve(stdout.trim())
      else if (error.code === 'ENOENT') reject(missing(otherwise))
      else reject(new InfraError(`${PLUGIN} does not run`, { why: error.message, next: `Install it again: ${DOCUMENT}` }))
    })
  })
  const known = /^\d+(\.\d+){0,3}$/.test(version)
  const hidesToken = known && isNewer(version, LAST_WITHOUT)
  if (!hidesToken)
    report(
      `${PLUGIN} ${version} is old: it takes the token of the session on its command line, where others on this machine can see it. Update: ${DOCUMENT}`,
    )
  else if (isNewer(RECOMMENDED, version))
    report(`${PLUGIN} ${version} is old: AWS will soon want ${RECOMMENDED} or later. Update: ${DOCUMENT}`)
  return { version, hidesToken }
}

/** How it is installed, for each kind of machine. */
export const installLines = (arch: string = process.arch): string[] => {
  const size = arch === 'arm64' ? 'arm64' : '64bit'
  return [
    `Debian, Ubuntu: curl -fsSLO ${DOWNLOADS}/ubuntu_${size}/${PLUGIN}.deb && sudo dpkg -i ${PLUGIN}.deb`,
    `Amazon Linux, Fedora: sudo dnf install -y ${DOWNLOADS}/linux_${size}/${PLUGIN}.rpm`,
    `macOS: brew install --cask ${PLUGIN}`,
    `others: ${DOCUMENT}`,
  ]
}

const missing = (otherwise: string): InfraError =>
  new InfraError(`The ${PLUGIN} is not on this machine`, {
    why: 'the way through Systems Manager needs this program of AWS, as aws ssm start-session does',
    next: `Install it${otherwise}\n  ${installLines().join('\n  ')}`,
    exitCode: 2,
  })

export interface Session {
  readonly SessionId: string
  readonly TokenValue: string
  readonly StreamUrl: string
}

export interface Start {
  readonly plugin: Plugin
  readonly session: Session
  readonly region: string
  readonly profile: string
  /** What StartSession was asked. */
  readonly request: object
  readonly env: NodeJS.ProcessEnv
}

/**
 * Runs a program and ends with it. The end of its input says that whoever started it is gone, however that happened: then the
 * program is told to end, as by Ctrl-C, and after two seconds it is ended.
 */
export const GUARD = `exec 3<&0
"$@" </dev/null 3<&- &
p=$!
{ while read -r _ <&3; do :; done; kill -s INT "$p"; sleep 2; kill -s KILL "$p"; } >/dev/null 2>&1 &
e=$!
wait "$p"
c=$?
kill "$e" 2>/dev/null
exit "$c"`

/** How the AWS CLI calls it. */
export const pluginCall = ({
  plugin,
  session,
  region,
  profile,
  request,
  env,
}: Start): { args: string[]; env: NodeJS.ProcessEnv } => {
  const response = JSON.stringify(session)
  const endpoint = `https://ssm.${region}.${partitionOf(region).domain}`
  return {
    args: [plugin.hidesToken ? RESPONSE : response, region, 'StartSession', profile, JSON.stringify(request), endpoint],
    env: { ...env, ...(plugin.hidesToken ? { [RESPONSE]: response } : {}) },
  }
}

/** Starts it as the AWS CLI does. Not in the group of this process: Ctrl-C must not reach it before our last statement is through. */
export const startPlugin = (start: Start): ChildProcess => {
  const { args, env } = pluginCall(start)
  return spawn('/bin/sh', ['-c', GUARD, 'guard', PLUGIN, ...args], {
    // Without the address it listens on what "localhost" is, which may be ::1.
    env: { ...env, SSM_PLUGIN_LOCAL_HOST: '127.0.0.1' },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
}
