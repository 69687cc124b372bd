import type { Call, FaultProxy } from '../support/proxy.ts'

/** Which element holds a thing's own id, by the operation that lists it. */
const OWN_ID: Readonly<Record<string, string>> = {
  'ec2.DescribeVpcs': 'vpcId',
  'ec2.DescribeSubnets': 'subnetId',
  'ec2.DescribeInternetGateways': 'internetGatewayId',
  'ec2.DescribeRouteTables': 'routeTableId',
  'ec2.DescribeNatGateways': 'natGatewayId',
  'ec2.DescribeAddresses': 'allocationId',
  'ec2.DescribeSecurityGroups': 'groupId',
  'ec2.DescribeSecurityGroupRules': 'securityGroupRuleId',
}

/** The list elements right below the set of the answer; lists inside of them stay whole. */
const itemsOf = (xml: string): string[] => {
  const items: string[] = []
  let depth = 0
  let from = 0
  for (const tag of xml.matchAll(/<(\/?)item>/g)) {
    if (tag[1] === '') {
      if (depth++ === 0) from = tag.index
    } else if (--depth === 0) items.push(xml.slice(from, tag.index + tag[0].length))
  }
  return items
}

/**
 * EC2 as it is on a slow day: what was made is not in its lists for some time, by id and by tag (`all`); or it is, but its tags
 * are not, neither for filters nor in the answer (`tags`).
 * @returns how many things were hidden so far
 */
export const lag = (proxy: FaultProxy, ms: number, what: 'all' | 'tags'): (() => number) => {
  const born = new Map<string, number>()
  const hidden = new Set<string>()
  proxy.edit = (call: Call, text: string): string => {
    if (call.op.startsWith('ec2.') && call.changing)
      for (const [id] of text.matchAll(/\b(?:vpc|subnet|igw|rtb|nat|eipalloc|sg|sgr)-[0-9a-f]{8,}/g))
        if (!born.has(id)) born.set(id, performance.now())
    const own = OWN_ID[call.op]
    if (!own) return text
    const byTag = /Filter\.1\.Name=tag/.test(decodeURIComponent(call.body))
    return itemsOf(text).reduce((xml, item) => {
      const id = new RegExp(`<${own}>([^<]+)`).exec(item)?.[1] ?? ''
      if (performance.now() - (born.get(id) ?? Number.NEGATIVE_INFINITY) >= ms) return xml
      hidden.add(id)
      return xml.replace(item, what === 'all' || byTag ? '' : item.replace(/<tagSet>.*?<\/tagSet>/gs, '<tagSet/>'))
    }, text)
  }
  return () => hidden.size
}
