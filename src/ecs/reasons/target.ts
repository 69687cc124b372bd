interface TargetReason {
  readonly what: string
  readonly next: string
}

/**
 * Why a load balancer does not send requests to a target. Undefined for one that only needs time.
 * docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
 */
export const reasonOfTarget = (
  code: string | undefined,
  description: string | undefined,
  ours = true,
): TargetReason | undefined => {
  const path = ours
    ? 'Fix health.path or health.matcher in infra.yaml (they are changed in place), then: infra create load-balancer'
    : 'Fix the path or the codes of the target group: aws elbv2 modify-target-group'
  switch (code) {
    case 'Target.ResponseCodeMismatch':
      return {
        what: `the health check got another answer than it wants (${description ?? 'no details'}): a wrong path, a redirect, or an error of the application`,
        next: path,
      }
    case 'Target.Timeout':
      return {
        what: 'the health check got no answer in time: the port is closed to the load balancer, or the application is slow',
        next: `Look at the port and the log (infra logs)${ours ? '; infra create ecs puts the rule right' : ''}`,
      }
    case 'Target.FailedHealthChecks':
      return {
        what: 'the connection of the health check was refused or broke off',
        next: 'Does the application listen on 0.0.0.0 and this port? infra logs',
      }
    case 'Target.NotInUse':
      return {
        what: 'no listener uses the target group, or none in the zone of the target',
        next: ours ? 'infra create load-balancer' : 'Give the load balancer a listener for it, and a subnet in every zone',
      }
    case 'Target.IpUnusable':
      return { what: 'the address of the target is one that a load balancer uses itself', next: 'infra deploy --force' }
    case 'Target.InvalidState':
      return { what: 'the target does not run', next: 'infra deploy --force' }
    case 'Elb.InternalError':
      return { what: 'the load balancer has a problem of its own', next: 'Wait some minutes: https://health.aws.amazon.com' }
    case 'Elb.RegistrationInProgress':
    case 'Elb.InitialHealthChecking':
    case 'Target.DeregistrationInProgress':
    case 'Target.NotRegistered':
    case 'Target.HealthCheckDisabled':
      return undefined
    default:
      return code ? { what: description ?? code, next: path } : undefined
  }
}
