import * as ACM from '@aws-sdk/client-acm'
import * as AAS from '@aws-sdk/client-application-auto-scaling'
import * as EC2 from '@aws-sdk/client-ec2'
import { DeleteRepositoryCommand } from '@aws-sdk/client-ecr'
import * as ELB from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { startMoto, type TestServer } from '../support/moto.ts'
import { cluster, type Harbour, harbour, name } from './ecs.ts'
import { given, refusal } from './support.ts'

describe.skipIf(!inject('motoUrl'))('what stands around ECS services', () => {
  let server: TestServer
  let h: Harbour
  beforeAll(async () => {
    server = await startMoto('0,elb=100,certificate=200')
  })
  beforeEach(async () => {
    h = await harbour(server.url)
  })
  afterAll(async () => await server.stop())

  const listener = (more: Partial<ELB.CreateListenerCommandInput>) =>
    h.elb.send(
      new ELB.CreateListenerCommand({
        LoadBalancerArn: h.balancerArn,
        Port: 443,
        Protocol: 'HTTPS',
        DefaultActions: [{ Type: 'forward', TargetGroupArn: h.targetGroupArn }],
        ...more,
      }),
    )

  it('a load balancer takes a while, is one for one name, and keeps what it needs', async () => {
    const state = async () =>
      (await h.elb.send(new ELB.DescribeLoadBalancersCommand({ Names: ['web'] }))).LoadBalancers?.[0]?.State?.Code
    expect(await state()).toBe('provisioning')
    await h.pass(100)
    expect(await state()).toBe('active')
    const again = (subnets: string[], Name = 'web') => h.elb.send(new ELB.CreateLoadBalancerCommand({ Name, Subnets: subnets }))
    expect((await again(h.net.subnets)).LoadBalancers?.[0]?.LoadBalancerArn).toBe(h.balancerArn)
    expect(await refusal(again(h.net.subnets.slice(1)))).toContain('DuplicateLoadBalancerName')
    const other = given((await again(h.net.subnets, 'other')).LoadBalancers?.[0])
    expect(other.State?.Code).toBe('provisioning')
    const { GroupId } = await h.aws.ec2.send(
      new EC2.CreateSecurityGroupCommand({ GroupName: 'alb', Description: 'd', VpcId: h.net.VpcId }),
    )
    const SecurityGroups = [given(GroupId)]
    await h.elb.send(new ELB.SetSecurityGroupsCommand({ LoadBalancerArn: h.balancerArn, SecurityGroups }))
    const deleteGroup = () => refusal(h.aws.ec2.send(new EC2.DeleteSecurityGroupCommand({ GroupId })))
    const deleteTargets = () => refusal(h.elb.send(new ELB.DeleteTargetGroupCommand({ TargetGroupArn: h.targetGroupArn })))
    const deleteSubnet = () => refusal(h.aws.ec2.send(new EC2.DeleteSubnetCommand({ SubnetId: h.net.first })))
    const used = async () =>
      (await h.elb.send(new ELB.DescribeTargetGroupsCommand({ Names: ['web'] }))).TargetGroups?.[0]?.LoadBalancerArns
    expect(await used()).toEqual([h.balancerArn])
    expect([await deleteGroup(), await deleteSubnet(), await deleteTargets()]).toEqual([
      expect.stringContaining('DependencyViolation'),
      expect.stringContaining('DependencyViolation'),
      expect.stringContaining('ResourceInUse'),
    ])
    const remove = (LoadBalancerArn = h.balancerArn) => h.elb.send(new ELB.DeleteLoadBalancerCommand({ LoadBalancerArn }))
    const protect = (Value: string) =>
      h.elb.send(
        new ELB.ModifyLoadBalancerAttributesCommand({
          LoadBalancerArn: h.balancerArn,
          Attributes: [{ Key: 'deletion_protection.enabled', Value }],
        }),
      )
    await protect('true')
    expect(await refusal(remove())).toContain('OperationNotPermitted')
    await protect('false')
    await remove()
    await remove(other.LoadBalancerArn)
    expect(await used()).toEqual([])
    expect([await deleteGroup(), await deleteSubnet(), await deleteTargets()]).toEqual(['no error', 'no error', 'no error'])
  })

  it('a certificate waits for its records, and is kept while a listener uses it', async () => {
    const acm = new ACM.ACMClient(h.aws.config)
    const wish = { DomainName: 'shop.example.com', ValidationMethod: 'DNS', IdempotencyToken: 'one' } as const
    const { CertificateArn } = await acm.send(new ACM.RequestCertificateCommand(wish))
    const shown = async () => given((await acm.send(new ACM.DescribeCertificateCommand({ CertificateArn }))).Certificate)
    const early = await shown()
    expect(early).toMatchObject({
      Status: 'PENDING_VALIDATION',
      DomainValidationOptions: [
        {
          ValidationStatus: 'PENDING_VALIDATION',
          ResourceRecord: { Name: expect.stringMatching(/\.shop\.example\.com\.$/), Type: 'CNAME' },
        },
      ],
      InUseBy: [],
    })
    const Certificates = [{ CertificateArn }]
    expect(await refusal(listener({ Certificates }))).toContain('UnsupportedCertificate')
    expect(await refusal(listener({ Certificates: [{ CertificateArn: `${CertificateArn}x` }] }))).toContain('CertificateNotFound')
    await h.pass(200)
    expect(await shown()).toMatchObject({ Status: 'ISSUED' })
    const { Listeners } = await listener({ Certificates })
    expect((await shown()).InUseBy).toEqual([h.balancerArn])
    const remove = () => refusal(acm.send(new ACM.DeleteCertificateCommand({ CertificateArn })))
    expect(await remove()).toContain('ResourceInUseException')
    await h.elb.send(new ELB.DeleteListenerCommand({ ListenerArn: given(Listeners?.[0]?.ListenerArn) }))
    expect(await remove()).toBe('no error')
    acm.destroy()
  })

  it('limits bring the number of tasks within them at once; a target has tags', async () => {
    const scaling = new AAS.ApplicationAutoScalingClient(h.aws.config)
    const ResourceId = `service/${cluster}/${name}`
    const of = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount', ResourceId } as const
    const limits = (MinCapacity?: number, MaxCapacity?: number, more: object = {}) =>
      scaling.send(new AAS.RegisterScalableTargetCommand({ ...of, MinCapacity, MaxCapacity, ...more }))
    expect(await refusal(limits(1, 2))).toContain("ECS service doesn't exist")
    await h.revision()
    await h.create({ desiredCount: 1 })
    expect(await refusal(limits(3, 2))).toContain('ValidationException')
    const { ScalableTargetARN } = await limits(3, 5, { Tags: { of: 'shop' } })
    const ResourceARN = given(ScalableTargetARN)
    expect(await h.look()).toMatchObject({ desiredCount: 3, runningCount: 3 })
    await limits(undefined, 4)
    await h.update({ desiredCount: 9 })
    await limits()
    expect(await h.look()).toMatchObject({ desiredCount: 4, runningCount: 4 })
    await scaling.send(new AAS.TagResourceCommand({ ResourceARN, Tags: { more: 'x' } }))
    await scaling.send(new AAS.UntagResourceCommand({ ResourceARN, TagKeys: ['of'] }))
    expect((await scaling.send(new AAS.ListTagsForResourceCommand({ ResourceARN }))).Tags).toEqual({ more: 'x' })
    const policy = () =>
      scaling.send(
        new AAS.PutScalingPolicyCommand({
          ...of,
          PolicyName: 'cpu',
          PolicyType: 'TargetTrackingScaling',
          TargetTrackingScalingPolicyConfiguration: { TargetValue: 70 },
        }),
      )
    await policy()
    await scaling.send(new AAS.DeregisterScalableTargetCommand(of))
    expect((await scaling.send(new AAS.DescribeScalingPoliciesCommand(of))).ScalingPolicies).toEqual([])
    expect(await refusal(policy())).toContain('ObjectNotFoundException')
    expect(await refusal(scaling.send(new AAS.ListTagsForResourceCommand({ ResourceARN })))).toContain(
      'ResourceNotFoundException',
    )
    scaling.destroy()
  })

  it('a repository with images is only deleted by force', async () => {
    const remove = (force: boolean) => refusal(h.ecr.send(new DeleteRepositoryCommand({ repositoryName: 'shop-web', force })))
    expect(await remove(false)).toContain('RepositoryNotEmptyException')
    expect(await remove(true)).toBe('no error')
  })
})
