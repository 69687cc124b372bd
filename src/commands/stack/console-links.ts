import { consoleUrl } from '../../aws/regions.ts'
import type { Row } from '../../state/schema.ts'

/** Where a person looks at it in the AWS console; none where the partition's console is not public. */
export const consoleLinks = (region: string, rows: ReadonlyMap<string, Row>): { what: string; url: string }[] => {
  const links: { what: string; url: string }[] = []
  const link = (key: string, what: string, path: (row: Row) => string): void => {
    const row = rows.get(key)
    const url = row && consoleUrl(region, path(row))
    if (url) links.push({ what, url })
  }
  link('vpc', 'VPC', (r) => `vpcconsole/home?region=${region}#VpcDetails:VpcId=${r.attrs?.id ?? ''}`)
  link('rds-security-group', 'Security groups', () => `ec2/home?region=${region}#SecurityGroups:`)
  link('database-secret', 'Secret', (r) => `secretsmanager/secret?name=${encodeURIComponent(r.name)}&region=${region}`)
  link('db-instance', 'Database', (r) => `rds/home?region=${region}#database:id=${r.name};is-cluster=false`)
  link('dashboard', 'Dashboard', (r) => `cloudwatch/home?region=${region}#dashboards/dashboard/${r.name}`)
  link('cpu-high-alarm', 'Alarms', () => `cloudwatch/home?region=${region}#alarmsV2:`)
  return links
}
