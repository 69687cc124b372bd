import { describe, expect, it } from 'vitest'
import type { TaskDefinition } from '../../../src/aws/services/ecs-types.ts'
import { taskDefinitionProps } from '../../../src/kinds/index.ts'
import { amendRows } from '../../../src/session/records/rows.ts'
import type { Row } from '../../../src/state/schema.ts'
import { row } from '../../state/bundle.ts'

const ARN = 'arn:aws:ecs:us-east-1:123456789012:task-definition/shop-web:8'
const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf'
const want = {
  cpu: 256,
  memory: 512,
  executionRoleArn: 'arn:aws:iam::123456789012:role/run',
  region: 'us-east-1',
  containers: [
    {
      name: 'web',
      image: 'shop:1',
      essential: true,
      environment: { LOG: 'info' },
      secrets: { DB: { arn: SECRET, key: 'password' } },
      portMappings: [{ containerPort: 8000 }],
      healthCheck: { command: ['CMD', 'true'], startPeriod: 60 },
    },
  ],
}
/** As ECS shows it: with its defaults filled in. */
const revision = (environment: readonly { name: string; value: string }[], more: object = {}): TaskDefinition => ({
  taskDefinitionArn: ARN,
  family: 'shop-web',
  revision: 8,
  cpu: '512',
  memory: '1024',
  executionRoleArn: 'arn:aws:iam::123456789012:role/run',
  containerDefinitions: [
    {
      name: 'web',
      image: 'shop:2',
      essential: true,
      environment: [...environment],
      secrets: [{ name: 'DB', valueFrom: `${SECRET}:password::` }],
      portMappings: [{ containerPort: 8000, hostPort: 8000, protocol: 'tcp' }],
      healthCheck: { command: ['CMD', 'true'], interval: 30, timeout: 5, retries: 3, startPeriod: 60 },
      mountPoints: [],
      volumesFrom: [],
      ...more,
    },
  ],
})

const rows = (more: Partial<Row> = {}): Record<string, Row> => ({
  'web-task-definition': row({ type: 'ecs.task-definition', want, attrs: { id: 'shop-web:7', arn: 'x:7' }, ...more }),
  'web-service': row({
    type: 'ecs.service',
    want: { taskDefinition: 'x:7', desired: 2 },
    attrs: { id: 's', desired: 2 },
    ...more,
  }),
  'web-scaling-target': row({ type: 'scaling.target', want: { min: 1, max: 4 }, attrs: { id: 't' }, ...more }),
})

describe('the rows after a deploy', () => {
  it('say what the kind reads in the revision, so that neither plan nor drift finds a difference', () => {
    const after = rows()
    const definition = revision([{ name: 'LOG', value: 'debug' }])
    amendRows(after, 'web', { definition, desired: 3 })
    const now = after['web-task-definition']
    expect(now?.want).toMatchObject({ cpu: 512, memory: 1024, region: 'us-east-1' })
    expect(now?.want.containers).toEqual(taskDefinitionProps(definition, want).containers)
    // In the words of the config where it means the same.
    expect(now?.want.containers).toMatchObject([
      {
        image: 'shop:2',
        environment: { LOG: 'debug' },
        portMappings: [{ containerPort: 8000 }],
        healthCheck: { startPeriod: 60 },
      },
    ])
    expect(now?.want).not.toHaveProperty('taskRoleArn')
    expect(now?.attrs).toEqual({ id: 'shop-web:8', arn: ARN })
    expect(after['web-service']).toMatchObject({ want: { taskDefinition: ARN, desired: 3 }, attrs: { id: 's', desired: 3 } })
    expect(after['web-scaling-target']).toEqual(rows()['web-scaling-target'])
  })

  it('hold no text that may be a secret, unless it was recorded before', () => {
    const after = rows()
    const texts = [
      { name: 'API_TOKEN', value: 'hunter2' },
      { name: 'URL', value: 'postgres://me:hunter2@db/x' },
      { name: 'LOG', value: 'debug' },
    ]
    amendRows(after, 'web', { definition: revision(texts) })
    expect(JSON.stringify(after)).not.toContain('hunter2')
    expect(after['web-task-definition']?.want.containers).toMatchObject([{ environment: { LOG: 'debug' } }])
  })

  it('hold no container that the stack has not asked for', () => {
    const after = rows()
    const definition = revision([])
    const [web] = definition.containerDefinitions ?? []
    amendRows(after, 'web', { definition: { ...definition, containerDefinitions: [{ ...web, name: 'agent' }, { ...web }] } })
    expect(after['web-task-definition']?.want.containers).toMatchObject([{ name: 'web' }])
  })
})

describe('the rows after a scale', () => {
  it('say the number and the minimum; a row that says so already stays as it is', () => {
    const after = rows()
    const target = after['web-scaling-target']
    amendRows(after, 'web', { desired: 5 })
    expect(after['web-service']).toMatchObject({ want: { desired: 5, taskDefinition: 'x:7' }, attrs: { desired: 5 } })
    expect(after['web-scaling-target']).toBe(target)
    const service = after['web-service']
    amendRows(after, 'web', { desired: 5, min: 0 })
    expect(after['web-service']).toBe(service)
    expect(after['web-scaling-target']?.want).toEqual({ min: 0, max: 4 })
  })

  it.each<[string, Partial<Row>]>([
    ['what was there before infra', { adopted: true }],
    ['a create that has no answer yet', { is: 'creating', attrs: undefined as never }],
  ])('leave alone %s', (_, more) => {
    const after = rows(more)
    amendRows(after, 'web', { desired: 5, min: 0 })
    expect(after).toEqual(rows(more))
  })
})
