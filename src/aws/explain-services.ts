import { AGAIN, type Rule } from './explain-rule.ts'
import { supportUrl } from './regions.ts'

/** Errors of ECS, the registry, logs and secrets: one code stands for many things, so their words count too. */
export const SERVICE_RULES: readonly Rule[] = [
  // ECS: docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html and the errors of each operation.
  [
    /^(Client|InvalidParameter)$/,
    (e) => ({
      what: 'Fargate has no task of this size',
      why: e.message,
      next: 'Set cpu and memory that go together under ecs in infra.yaml, then: infra create ecs',
    }),
    /No Fargate configuration exists|Invalid 'cpu' setting/i,
  ],
  [
    /^Client$/,
    (e) => ({
      what: 'A variable is given twice, as a text and from a secret',
      why: e.message,
      next: 'Keep it in one of environment and secrets in infra.yaml; or take the other away: infra deploy --unset <K>',
    }),
    /secret name must be unique|Duplicate secret names/i,
  ],
  [
    /^Client$/,
    (e) => ({
      what: 'The task definition has no execution role',
      why: e.message,
      next: 'infra create ecs makes one and gives it to the task; elsewhere: set executionRoleArn in the task definition',
    }),
    /execution role ARN to support|also specify a value for 'executionRoleArn'/i,
  ],
  [
    /^Client$/,
    (e) => ({ what: 'Somebody else registers a revision of the same family', why: e.message, next: `Wait a moment, ${AGAIN}` }),
    /Too many concurrent attempts to create a new revision/i,
  ],
  [
    /^(Client|InvalidParameter)$/,
    (e) => ({
      what: 'The revision is no longer there',
      why: e.message,
      next: 'infra rollback --to <revision> registers it anew; infra deploy makes a new one of what runs',
    }),
    /TaskDefinition is inactive|Unable to describe task definition|TaskDefinition not found/i,
  ],
  [
    /^Client$/,
    (e) => ({
      what: 'The image is not written as one',
      why: e.message,
      next: 'infra deploy --image <tag>, or fix image in infra.yaml',
    }),
    /Container\.image contains invalid characters|image.*should not be null or empty/i,
  ],
  [
    /^ClusterNotFound/,
    (e) => ({
      what: 'There is no such cluster',
      why: e.message,
      next: 'infra create ecs makes that of the stack; another one: --cluster <name>',
    }),
  ],
  [
    /^Service(NotFound|NotActive)/,
    (e) => ({
      what: 'There is no such service, or it is being deleted',
      why: e.message,
      next: 'infra create ecs makes those of the stack; another one: --cluster <name> --service <name>',
    }),
  ],
  [
    /^Blocked$/,
    (e, at) => ({
      what: 'AWS has blocked this account',
      why: e.message,
      next: `Ask why: ${supportUrl(at.region)}`,
    }),
  ],
  [
    /^(InvalidParameter|Client|Validation)$/,
    (e) => {
      const scaling = /application-?autoscaling|Unable to assume IAM role/i.test(e.message)
      const service = scaling ? 'ecs.application-autoscaling.amazonaws.com' : 'ecs.amazonaws.com'
      return {
        what: `${scaling ? 'Application Auto Scaling' : 'ECS'} has no role of its own in this account yet`,
        why: e.message,
        next: `aws iam create-service-linked-role --aws-service-name ${service}, ${AGAIN}`,
      }
    },
    /service[- ]linked role|Unable to assume IAM role\S* arn:\S*aws-service-role/i,
  ],
  [
    /^InvalidParameter$/,
    (e) => ({
      what: 'The target group of the service is behind no listener',
      why: e.message,
      next: `infra create load-balancer, ${AGAIN}`,
    }),
    /does not have an associated load balancer/i,
  ],
  [
    /^(InvalidParameter|Client)$/,
    (e) => ({
      what: 'The cluster does not offer this capacity',
      why: e.message,
      next: `infra create ecs gives it FARGATE and FARGATE_SPOT, ${AGAIN}`,
    }),
    /capacity provider/i,
  ],
  // The registry, logs, secrets.
  [
    /^RepositoryNotFound/,
    (e) => ({
      what: 'There is no such repository',
      why: e.message,
      next: `infra create registry makes that of the stack, ${AGAIN}`,
    }),
  ],
  [
    /^InvalidParameter$/,
    (e) => ({
      what: 'CloudWatch Logs does not understand the filter',
      why: e.message,
      next: 'Words with other characters than letters and digits go into quotes: --filter \'"a-b"\'',
    }),
    /filter pattern|Invalid character\(s\) in term/i,
  ],
  [
    /^InvalidRequest$/,
    (e) => ({
      what: 'The secret is about to be deleted',
      why: e.message,
      next: `Run the same command again in two minutes: one that was deleted without a window (secrets.recoveryWindowDays: 0) is gone by then. Else aws secretsmanager restore-secret --secret-id <name> (infra create secrets does so for those of the stack), ${AGAIN}`,
    }),
    /(scheduled|marked) for deletion/i,
  ],
  [
    /^(AccessDenied|DecryptionFailure|EncryptionFailure)$/,
    (e) => ({
      what: 'The key that the secret is encrypted with may not be used',
      why: e.message,
      next: `Have kms:Decrypt allowed on it (and kms:GenerateDataKey, to write), ${AGAIN}`,
    }),
    /Access to KMS is not allowed|can't (de|en)crypt|cannot (de|en)crypt/i,
  ],
]
