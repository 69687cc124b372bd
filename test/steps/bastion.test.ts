import { describe, expect, it } from 'vitest'
import { change, DATA, PRESET, props, stack, table } from './support/declare.ts'

const STEPS = 'steps: [vpc, security-groups, secrets, rds, bastion, databases, monitoring]\n'
const on = (more = '', lookups = {}) => stack(PRESET + STEPS + more, {}, { bastionImage: 'ami-1', ...lookups })

describe('the bastion', () => {
  it('is declared only where the step is named', () => {
    expect(change(stack(DATA), on())).toEqual([
      '+ bastion | bastion-role | iam.role | startupwebapp-bastion-role | database-secret',
      '+ bastion | bastion-profile | iam.instance-profile | startupwebapp-bastion-profile | bastion-role',
      '+ bastion | bastion | ec2.instance | startupwebapp-bastion | bastion-profile, bastion-security-group, public-default-route, public-subnet-1, public-subnet-1-association, public-subnet-2-association',
    ])
  })

  it('stands on the network, its group and the secret, and nothing stands on it', () => {
    const graph = on()
    expect(graph.needs('bastion')).toEqual(['vpc', 'security-groups', 'secrets'])
    expect(graph.steps.filter((step) => graph.needs(step).includes('bastion'))).toEqual([])
  })

  it('is reached through Systems Manager, and asks for its public address by name', () => {
    expect(props(on(), 'bastion')).toEqual({
      imageId: 'ami-1',
      instanceType: 't3.micro',
      publicAddress: true,
      subnetId: '<public-subnet-1.id>',
      securityGroupIds: ['<bastion-security-group.id>'],
      profile: '<bastion-profile.id>',
      userData: '#!/bin/bash\ndnf install -y postgresql16 jq\n',
      agent: true,
    })
    expect(props(on(), 'bastion-profile')).toEqual({ role: '<bastion-role.id>' })
  })

  it('may read the one secret and nothing else', () => {
    expect(props(on(), 'bastion-role')).toEqual({
      service: 'ec2.amazonaws.com',
      description: expect.stringContaining('Systems Manager'),
      managedPolicies: ['arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore'],
      policies: {
        'read-database-secret': {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '<database-secret.arn>' }],
        },
      },
    })
  })

  it("a key of one's own: it may decrypt that secret, too", () => {
    const { policies } = props(on('secrets: { kmsKey: alias/shop }'), 'bastion-role') as { policies: Record<string, object> }
    expect(policies['read-database-secret']).toMatchObject({
      Statement: [
        { Action: 'secretsmanager:GetSecretValue' },
        {
          Effect: 'Allow',
          Action: 'kms:Decrypt',
          Resource: '*',
          Condition: { StringEquals: { 'kms:EncryptionContext:SecretARN': '<database-secret.arn>' } },
        },
      ],
    })
  })

  it('of another partition takes its policy from there', () => {
    expect(props(on('', { partition: 'aws-cn' }), 'bastion-role')).toMatchObject({
      managedPolicies: ['arn:aws-cn:iam::aws:policy/AmazonSSMManagedInstanceCore'],
    })
  })

  it('for MySQL brings the client of MySQL', () => {
    const mysql = on('rds: { engine: mysql, version: "8.4", masterUsername: admin, logExports: [error] }', {
      engineVersion: '8.4.5',
    })
    expect(props(mysql, 'bastion')).toMatchObject({ userData: '#!/bin/bash\ndnf install -y mariadb105 jq\n' })
  })

  it('in a network that was there before stands in its first public subnet', () => {
    const ids = (...n: number[]) => n.map((i) => `subnet-0000000${i}`)
    const yaml = `project: shop\n${STEPS}vpc: { mode: existing, id: vpc-00000001, publicSubnetIds: [${ids(1)}], privateSubnetIds: [${ids(2, 3)}] }`
    const graph = stack(yaml)
    expect(props(graph, 'bastion')).toMatchObject({ subnetId: '<public-subnet-1.id>', instanceType: 't4g.micro' })
    expect(table(graph).filter((l) => l.startsWith('bastion | '))).toHaveLength(3)
  })
})
