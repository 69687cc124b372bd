import { modelOf } from './archive.ts'

/** How a member refers to its shape. */
export interface Ref {
  readonly shape: string
  /** Its name on the wire, where that is another. */
  readonly locationName?: string
  /** The same for EC2. */
  readonly queryName?: string
  /** Outside of the body: `uri`, `querystring`, `header`, `headers`. */
  readonly location?: string
  readonly flattened?: boolean
  readonly xmlAttribute?: boolean
  /** The SDK fills it in. */
  readonly idempotencyToken?: boolean
  readonly jsonvalue?: boolean
  readonly streaming?: boolean
}

export interface Shape {
  readonly type: string
  readonly members?: Readonly<Record<string, Ref>>
  readonly required?: readonly string[]
  readonly union?: boolean
  readonly document?: boolean
  readonly eventstream?: boolean
  readonly sensitive?: boolean
  /** The member that is the whole body. */
  readonly payload?: string
  /** Of a list. */
  readonly member?: Ref
  readonly flattened?: boolean
  /** Of a map. */
  readonly key?: Ref
  readonly value?: Ref
  readonly enum?: readonly string[]
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
  readonly error?: { readonly code?: string; readonly httpStatusCode?: number }
}

export interface Operation {
  readonly http: { readonly method: string; readonly requestUri: string }
  /** Of its input; an operation without one takes nothing. */
  readonly input?: string
  /** Shapes of the errors that it declares. */
  readonly errors: readonly string[]
}

/** A service as AWS describes it: botocore's format, requests and errors only. */
export interface Model {
  readonly metadata: {
    readonly protocol: string
    readonly targetPrefix?: string | undefined
    readonly signingName?: string | undefined
    readonly endpointPrefix: string
    readonly serviceId: string
    readonly apiVersion: string
  }
  readonly operations: Readonly<Record<string, Operation>>
  readonly shapes: Readonly<Record<string, Shape>>
  /** Error shapes, with the code on the wire; `fault`: it is the server's. */
  readonly errors: Readonly<Record<string, { readonly code: string; readonly status: number; readonly fault: boolean }>>
}

/** botocore's folder by the name that requests are signed for. A request for any other service is refused until its model is named here. */
export const FOLDERS: Readonly<Record<string, string>> = {
  acm: 'acm',
  apigateway: 'apigatewayv2',
  'application-autoscaling': 'application-autoscaling',
  cloudfront: 'cloudfront',
  dynamodb: 'dynamodb',
  ec2: 'ec2',
  ecr: 'ecr',
  ecs: 'ecs',
  elasticache: 'elasticache',
  elasticloadbalancing: 'elbv2',
  events: 'events',
  freetier: 'freetier',
  iam: 'iam',
  kms: 'kms',
  lambda: 'lambda',
  logs: 'logs',
  monitoring: 'cloudwatch',
  pricing: 'pricing',
  rds: 'rds',
  route53: 'route53',
  s3: 's3',
  secretsmanager: 'secretsmanager',
  sns: 'sns',
  sqs: 'sqs',
  ssm: 'ssm',
  // Of profiles of IAM Identity Center.
  sso: 'sso',
  sts: 'sts',
  wafv2: 'wafv2',
}

const loaded = new Map<string, Model>()

/** @param signed the name that the request is signed for: `elasticloadbalancing` */
export const serviceModel = (root: string, signed: string): Model | undefined => {
  const folder = FOLDERS[signed]
  if (folder === undefined) return undefined
  const model = loaded.get(folder) ?? modelOf(root, folder)
  loaded.set(folder, model)
  return model
}
