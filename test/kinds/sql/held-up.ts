import pg from 'pg'
import type { Row } from '../../../src/state/schema.ts'
import { placeOn } from '../../sql/support.ts'
import { Disk, runCreate, runDestroy, tenantsGraph } from './support.ts'

/** A destroy while somebody is connected, who leaves when that is said. */
export const heldUp = async (bin: string): Promise<{ waits: string[]; left: Row[] }> => {
  const place = await placeOn({ bin })
  try {
    const t = { name: 'shop', password: 'Password0of0shop0000' }
    const disk = new Disk()
    await runCreate(place, tenantsGraph(place, [t]), disk)
    const { host, port } = place.pg
    const client = new pg.Client({ host, port, user: t.name, ...t, database: t.name, application_name: 'web' })
    await client.connect()
    const { events } = await runDestroy(place, disk, {
      heard: (event) => {
        if (event.type === 'resource.waiting' && event.key === 'database-shop') void client.end()
      },
    })
    return { waits: events.flatMap((e) => (e.type === 'resource.waiting' ? [e.status] : [])), left: [...disk.rows.values()] }
  } finally {
    await place.close()
  }
}
