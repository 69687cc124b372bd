import type { _InstanceType, Instance as Ec2Instance } from '@aws-sdk/client-ec2'
import type { Aws } from '../../aws/clients.ts'
import { tagMap } from '../../aws/tags.ts'
import type { AwsKind } from '../kind.ts'
import { type Filter, filter, find, must, ofStack, tagEc2, tagSpecification } from './common.ts'
import { agentOnline, whyOffline } from './instance-agent.ts'
import {
  costOf,
  type InstanceAttrs,
  type InstanceProps,
  launchError,
  phaseOf,
  propsOf,
  stateOf,
  VOLUME_GB,
} from './instance-facts.ts'

/**
 * An EC2 instance with one encrypted gp3 volume and IMDSv2 only.
 * docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
 */
export const Instance: AwsKind<InstanceProps, InstanceAttrs> = {
  type: 'ec2.instance',
  async observe(aws, stamp, want, last) {
    const list = async (Filters: Filter[]) => (await listed(aws, Filters)).filter((i) => stateOf(i) !== 'terminated')
    const { item: i, absent } = await find(list, { of: (x) => x.InstanceId, filter: 'instance-id' }, stamp, last?.id)
    if (!i?.InstanceId) {
      // A terminated one stays listed for about an hour, and may tell why its launch came to nothing.
      const ended = last?.id === undefined ? [] : await listed(aws, ofStack(stamp))
      const note = launchError(ended.find((x) => x.InstanceId === last?.id))
      return { ...absent, ...(note ? { note } : {}) }
    }
    const waits = want.agent === true && stateOf(i) === 'running' && !(await agentOnline(aws, i.InstanceId))
    return {
      is: waits ? 'pending' : phaseOf(i),
      attrs: { id: i.InstanceId },
      props: propsOf(i, want),
      tags: tagMap(i.Tags),
      note: waits ? 'waiting for the SSM agent' : stateOf(i),
    }
  },
  async create(aws, want, stamp) {
    // What the image calls its root volume: under another name a second volume would be made, and this one stay as it was.
    const { Images: [image] = [] } = await aws.ec2('DescribeImages', { Filters: [filter('image-id', want.imageId)] })
    const root = image?.BlockDeviceMappings?.find((m) => m.DeviceName === image.RootDeviceName)?.Ebs
    const { Instances = [] } = await aws.ec2('RunInstances', {
      ImageId: want.imageId,
      InstanceType: want.instanceType as _InstanceType,
      MinCount: 1,
      MaxCount: 1,
      IamInstanceProfile: { Name: want.profile },
      NetworkInterfaces: [
        {
          DeviceIndex: 0,
          SubnetId: want.subnetId,
          Groups: [...want.securityGroupIds],
          AssociatePublicIpAddress: want.publicAddress,
          DeleteOnTermination: true,
        },
      ],
      BlockDeviceMappings: [
        {
          DeviceName: image?.RootDeviceName ?? '/dev/xvda',
          Ebs: { VolumeSize: root?.VolumeSize ?? VOLUME_GB, VolumeType: 'gp3', Encrypted: true, DeleteOnTermination: true },
        },
      ],
      // Two hops: a container in it reaches the metadata, too.
      MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      ...(want.userData ? { UserData: Buffer.from(want.userData).toString('base64') } : {}),
      ClientToken: stamp.token,
      TagSpecifications: [...tagSpecification('instance', stamp), ...tagSpecification('volume', stamp)],
    })
    return { attrs: { id: must(Instances[0]?.InstanceId, 'an instance id') } }
  },
  async update(aws, attrs, want, changed) {
    if (changed.includes('securityGroupIds'))
      await aws.ec2('ModifyInstanceAttribute', { InstanceId: attrs.id, Groups: [...want.securityGroupIds] })
    if (changed.includes('profile')) await useProfile(aws, attrs.id, want.profile)
    return 'pending'
  },
  tag: tagEc2,
  async delete(aws, attrs) {
    await aws.ec2('TerminateInstances', { InstanceIds: [attrs.id] })
  },
  stuck: (aws, attrs) => whyOffline(aws, attrs.id),
  facts: {
    title: 'EC2 instance',
    minutes: 2,
    deleteMinutes: 1,
    deadline: 12,
    monthly: costOf,
    iam: {
      observe: ['ec2:DescribeInstances', 'ssm:DescribeInstanceInformation'],
      create: [
        'ec2:CreateTags',
        'ec2:DescribeImages',
        'ec2:DescribeInstances',
        'ec2:DescribeRouteTables',
        'ec2:DescribeVpcEndpoints',
        'ec2:RunInstances',
        'iam:GetInstanceProfile',
        'iam:ListAttachedRolePolicies',
        'iam:PassRole',
      ],
      update: [
        'ec2:ModifyInstanceAttribute',
        'ec2:DescribeIamInstanceProfileAssociations',
        'ec2:AssociateIamInstanceProfile',
        'ec2:ReplaceIamInstanceProfileAssociation',
        'iam:PassRole',
        'ec2:CreateTags',
      ],
      delete: ['ec2:TerminateInstances'],
    },
    immutable: ['instanceType', 'subnetId', 'publicAddress'],
    replace: { name: (declared) => declared },
    found: 'tag',
    deletesPending: true,
  },
}

const listed = async (aws: Aws, Filters: Filter[]): Promise<Ec2Instance[]> =>
  ((await aws.ec2('DescribeInstances', { Filters })).Reservations ?? []).flatMap((r) => r.Instances ?? [])

/** An instance has none or one, and for each there is another call. */
const useProfile = async (aws: Aws, id: string, Name: string): Promise<void> => {
  const { IamInstanceProfileAssociations: now = [] } = await aws.ec2('DescribeIamInstanceProfileAssociations', {
    Filters: [filter('instance-id', id), filter('state', 'associating', 'associated')],
  })
  const AssociationId = now[0]?.AssociationId
  if (AssociationId) await aws.ec2('ReplaceIamInstanceProfileAssociation', { AssociationId, IamInstanceProfile: { Name } })
  else await aws.ec2('AssociateIamInstanceProfile', { InstanceId: id, IamInstanceProfile: { Name } })
}
