export type {
  Deployment,
  RegisterTaskDefinitionCommandInput,
  Service,
  ServiceEvent,
  Tag,
  Task,
  TaskDefinition,
} from '@aws-sdk/client-ecs'
