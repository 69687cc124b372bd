// Only what is used: the bundle carries the schemas of these operations and no others.
export {
  DescribeInstanceInformationCommand,
  GetParameterCommand,
  SSMClient as Client,
  StartSessionCommand,
  TerminateSessionCommand,
} from '@aws-sdk/client-ssm'
