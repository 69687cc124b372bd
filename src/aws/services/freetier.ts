import { ACMClient, type ACMClientConfig } from '@aws-sdk/client-acm'
import { AwsJson1_0Protocol } from '@aws-sdk/core/protocols'
import { Command } from '@smithy/core/client'
import { getEndpointPlugin } from '@smithy/core/endpoints'
import type { CommandIO, MetadataBearer } from '@smithy/types'

// This service has no client in the registry that the others come from. It speaks JSON as ACM does, so that one's client is given its
// name, address and schema: AWS's model freetier/2023-09-07.

const NAMESPACE = 'com.amazonaws.freetier'
/** Of every commercial region: the model's rules for endpoints name this one. */
const PLACE = 'https://freetier.us-east-1.api.aws'

export class Client extends ACMClient {
  constructor(config: object) {
    super({
      ...config,
      serviceId: 'FreeTier',
      protocol: AwsJson1_0Protocol,
      protocolSettings: {
        defaultNamespace: NAMESPACE,
        version: '2023-09-07',
        serviceTarget: 'AWSFreeTierService',
      },
      endpointProvider: ({ Endpoint }: { Endpoint?: string }) => ({
        url: new URL(Endpoint ?? PLACE),
        properties: { authSchemes: [{ name: 'sigv4', signingName: 'freetier', signingRegion: 'us-east-1' }] },
        headers: {},
      }),
    } as unknown as ACMClientConfig)
  }
}

export interface GetAccountPlanStateResponse extends MetadataBearer {
  accountPlanType?: 'FREE' | 'PAID' | undefined
  accountPlanStatus?: 'NOT_STARTED' | 'ACTIVE' | 'EXPIRED' | undefined
}

const OPERATION = 'GetAccountPlanState'
const structure = (name: string, members: readonly string[]) => [3, NAMESPACE, name, 0, members, members.map(() => 0)]
const schema = [
  9,
  NAMESPACE,
  OPERATION,
  0,
  () => structure(`${OPERATION}Request`, []),
  () => structure(`${OPERATION}Response`, ['accountPlanType', 'accountPlanStatus']),
]

/** Whether the account is on the free plan: docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/free-tier-plans.html */
export const GetAccountPlanStateCommand = Command.classBuilder()
  .ep({ Endpoint: { type: 'builtInParams', name: 'endpoint' } })
  .m((_, __, config) => [getEndpointPlugin(config as never, { Endpoint: { type: 'builtInParams', name: 'endpoint' } })])
  .s('AWSFreeTierService', OPERATION, {})
  .n('FreeTierClient', `${OPERATION}Command`)
  .sc(schema as never)
  .build() as unknown as new (
  input: object,
) => CommandIO<object, GetAccountPlanStateResponse>
