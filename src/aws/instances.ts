import type { Aws } from './clients.ts'

/** Asks EC2 to stop or start an instance. It refuses one that is on its way to another state. */
export const switchInstance = async (aws: Pick<Aws, 'ec2'>, id: string, verb: 'stop' | 'start'): Promise<void> => {
  await aws.ec2(verb === 'stop' ? 'StopInstances' : 'StartInstances', { InstanceIds: [id] })
}
