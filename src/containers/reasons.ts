/** Why a task or a target is not well, and the command or change that mends it. */
export interface Reason {
  readonly what: string
  readonly next: string
}

/** What is known of a task that ended. */
export interface Ended {
  readonly stopCode?: string | undefined
  readonly stoppedReason?: string | undefined
  readonly containers?: readonly {
    readonly name?: string | undefined
    readonly image?: string | undefined
    readonly exitCode?: number | undefined
    readonly reason?: string | undefined
  }[]
}

interface Rule {
  readonly when: RegExp
  readonly what: (m: RegExpExecArray) => string
  readonly next: string
}

/** docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html. The first that fits counts. */
const RULES: readonly Rule[] = [
  {
    when: /CannotPull\w*Error[\s\S]*(not found|manifest unknown|does not exist)/i,
    what: () => 'the image is not in the registry, or not under this tag',
    next: 'Push it (infra show-resources registry prints the lines), then: infra deploy --image <tag>',
  },
  {
    when: /CannotPull\w*Error[\s\S]*(no matching manifest|platform)|exec format error|image operating system|does not match the specified/i,
    what: () => 'the image is made for another processor than the task',
    next: 'Build it for the right one (docker build --platform linux/amd64), or set architecture: ARM64 in infra.yaml',
  },
  {
    when: /CannotPull\w*Error[\s\S]*(denied|not authorized|unauthorized|403)/i,
    what: () => 'the execution role may not pull the image',
    next: 'infra create ecs puts the role right; a registry of another account must let this one in',
  },
  {
    when: /CannotPull\w*Error[\s\S]*(timeout|deadline|i\/o|dial tcp|connection refused)/i,
    what: () => 'there is no way from the subnet to the registry',
    next: 'Set vpc.nat: single in infra.yaml, or subnets: public for the service, then: infra create',
  },
  {
    when: /CannotPull\w*Error[\s\S]*(toomanyrequests|rate limit)/i,
    what: () => 'the registry lets this address pull no more for a while (Docker Hub limits pulls without a login)',
    next: 'Copy the image into the registry of this account, or use public.ecr.aws/docker/library/...',
  },
  {
    when: /(unable to (pull secrets|retrieve secret)|asm fetching secret)[\s\S]*(deadline exceeded|timeout|dial tcp)/i,
    what: () => 'there is no way from the subnet to Secrets Manager',
    next: 'Set vpc.nat: single in infra.yaml, or subnets: public for the service, then: infra create',
  },
  {
    when: /(unable to (pull secrets|retrieve secret)|asm fetching secret)[\s\S]*(AccessDenied|not authorized)/i,
    what: () => 'the execution role may not read the secret',
    next: 'infra create ecs gives it the right; a secret of another key also needs kms:Decrypt',
  },
  {
    when: /retrieved secret from Secrets Manager did not contain json key ([\w.-]+)/i,
    what: (m) => `the secret has no key ${m[1]}`,
    next: 'Put the key into the secret, or name another one: infra deploy --set-secret <K=secret:KEY>',
  },
  {
    when: /(unable to (pull secrets|retrieve secret)|asm fetching secret)[\s\S]*(ResourceNotFound|can.t find the specified secret|not found)/i,
    what: () => 'there is no such secret: its ARN must be whole, with the hyphen and six characters at the end',
    next: 'Name it by the config (infra deploy --set-secret K=database:password), which looks the whole ARN up',
  },
  {
    when: /invalid character .* looking for beginning of value|unexpected ARN format|invalid ARN/i,
    what: () => 'the secret is not JSON, or its ARN is not one',
    next: 'A key can be taken from a JSON object only: infra deploy --set-secret K=database:password',
  },
  {
    when: /failed to (create|validate) .*log|log group does not exist|CreateLogStream/i,
    what: () => 'the log group is missing, or the execution role may not write to it',
    next: 'infra create ecs makes both',
  },
  {
    when: /OutOfMemory|\b137\b.*memory/i,
    what: () => 'the container needed more memory than the task has',
    next: 'Set more memory for it in infra.yaml, then: infra create ecs',
  },
  {
    when: /failed container health checks|UNHEALTHY/i,
    what: () => 'the health check inside the container failed',
    next: 'Look at its last lines (infra logs), and at health.command in infra.yaml',
  },
  {
    when: /failed ELB health checks|Task failed ELB/i,
    what: () => 'the load balancer got no good answer from it',
    next: 'Look at its log (infra logs), and at health.path, matcher and graceSeconds in infra.yaml',
  },
  {
    when: /Capacity is unavailable|RESOURCE:|no Fargate capacity|SpotInterruption|Spot.*interrupt/i,
    what: () => 'AWS has no room for it now',
    next: 'Try again in some minutes, or set capacity: FARGATE instead of FARGATE_SPOT',
  },
  {
    when: /rate limit|Rate exceeded|network interface provision|Timeout waiting for network interface/i,
    what: () => 'AWS was slow to give it a network interface: usual for the first task in a quiet network',
    next: 'ECS tries again by itself; if it goes on: infra deploy --force',
  },
  {
    when: /unable to assume|is not authorized to perform: sts:AssumeRole/i,
    what: () => 'ECS may not use the role of the task',
    next: 'infra create ecs puts the role right',
  },
]

/** What the end of a task means. Undefined where only its own log can tell. */
export const reasonOf = (task: Ended): Reason | undefined => {
  const texts = [task.stoppedReason, ...(task.containers ?? []).map((c) => c.reason)].filter((t): t is string => Boolean(t))
  const text = texts.join('\n')
  for (const { when, what, next } of RULES) {
    const m = when.exec(text)
    if (m) return { what: what(m), next }
  }
  const failed = task.containers?.find((c) => c.exitCode !== undefined && c.exitCode !== 0)
  if (!failed) return undefined
  return ofExit(failed.exitCode ?? 1)
}

const ofExit = (code: number): Reason => {
  const log = 'Its last lines say why: infra logs'
  if (code === 137) return { what: 'it was killed (137): by memory, or because it did not end when asked to', next: `${log}; or set more memory` }
  if (code === 139) return { what: 'it crashed (139, a segmentation fault)', next: log }
  if (code === 126 || code === 127) return { what: `its command cannot be run (${code})`, next: 'Mend command in infra.yaml, or the image' }
  return { what: `its command ended with ${code}`, next: log }
}

/** docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html */
export const reasonOfTarget = (code: string | undefined, description: string | undefined): Reason | undefined => {
  const path = 'Mend health.path or health.matcher in infra.yaml (they are changed in place), then: infra create load-balancer'
  switch (code) {
    case 'Target.ResponseCodeMismatch':
      return { what: `the health check got another answer than it wants (${description ?? 'no details'}): a wrong path, or a redirect`, next: path }
    case 'Target.Timeout':
      return {
        what: 'the health check got no answer in time: the port is closed to the load balancer, or the application is slow',
        next: 'Look at the port and the log (infra logs); infra create ecs puts the rule right',
      }
    case 'Target.FailedHealthChecks':
      return { what: 'the connection of the health check was refused or broke off', next: 'Does the application listen on 0.0.0.0 and this port? infra logs' }
    case 'Target.NotInUse':
      return { what: 'no listener uses the target group', next: 'infra create load-balancer' }
    case 'Elb.RegistrationInProgress':
    case 'Elb.InitialHealthChecking':
      return undefined
    default:
      return code ? { what: description ?? code, next: path } : undefined
  }
}
