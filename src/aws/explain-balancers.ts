import { AGAIN, type Rule } from './explain-rule.ts'
import { supportUrl } from './regions.ts'

/** Errors of load balancers and their certificates: docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html */
export const BALANCER_RULES: readonly Rule[] = [
  [
    /^OperationNotPermitted$/,
    (e, at) => ({
      what: 'AWS does not let this account make load balancers yet',
      why: e.message,
      next: `Ask AWS Support to allow it (${supportUrl(at.region)}#/case/create), ${AGAIN}; meanwhile take load-balancer out of steps`,
    }),
    /does not support creating load balancers/i,
  ],
  [
    /^(OperationNotPermitted|InvalidParameterCombination|InvalidDBInstanceState)$/,
    (e) => ({
      what: 'It is protected against being deleted',
      why: e.message,
      next: 'Set its deletionProtection to false in infra.yaml, then: infra create; or let infra destroy switch it off after its own yes',
    }),
    /deletion ?protection/i,
  ],
  [
    /^InvalidSubnet$/,
    (e) => ({
      what: 'A subnet has no room for a load balancer',
      why: e.message,
      next: `Free addresses in it, or use larger ones (vpc.publicCidrs, /27 at least), ${AGAIN}`,
    }),
    /Not enough IP space/i,
  ],
  [
    /^(InvalidSubnet|InvalidConfigurationRequest|ValidationError|Validation)$/,
    (e) => ({
      what: 'A load balancer needs subnets in two zones or more, one in each',
      why: e.message,
      next: 'Fix vpc.azCount, or vpc.publicSubnetIds (of an internal one vpc.privateSubnetIds), in infra.yaml, then: infra create load-balancer',
    }),
    /two different Availability Zones|multiple subnets in the same Availability Zone/i,
  ],
  [
    /^InvalidSubnet$/,
    (e) => ({
      what: 'The network of the load balancer has no way to the internet',
      why: e.message,
      next: 'infra create vpc puts the internet gateway back; or set loadBalancer.scheme: internal',
    }),
    /no internet gateway/i,
  ],
  [
    /^(UnsupportedCertificate|ValidationError)$/,
    (e, at) => ({
      what: 'The load balancer cannot use this certificate',
      why: `${e.message} It must be ISSUED, with a key of RSA 2048 to 4096 or EC P-256, P-384 or P-521`,
      next: `aws acm describe-certificate --region ${at.region} --certificate-arn <ARN> shows status and key; then: infra create load-balancer`,
    }),
    /must have a fully-qualified domain name/i,
  ],
  [
    /^CertificateNotFound/,
    (e, at) => ({
      what: `There is no such certificate in ${at.region}`,
      why: e.message,
      next: `Fix loadBalancer.certificateArn in infra.yaml (a load balancer takes certificates of its own region), ${AGAIN}`,
    }),
  ],
  [
    /^SSLPolicyNotFound/,
    (e) => ({ what: 'There is no such TLS policy', why: e.message, next: 'Fix loadBalancer.sslPolicy in infra.yaml' }),
  ],
  [
    /^TargetGroupAssociationLimit/,
    (e) => ({
      what: 'Another load balancer has this target group already',
      why: e.message,
      next: `Set another ecs.services.<service>.targetGroup in infra.yaml, ${AGAIN}`,
    }),
  ],
]
