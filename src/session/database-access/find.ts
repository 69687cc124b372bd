import { type WayOut, wayOut } from '../../aws/routes.ts'
import type { Server, Via } from '../../aws/sql.ts'
import { type InfraError, refuse } from '../../core/errors.ts'
import { answers } from '../../database/knock.ts'
import type { ExistingNetwork } from '../../steps/types.ts'
import { offlineLookups } from '../lookups.ts'
import type { Session, Use } from '../types.ts'
import { rememberSilent, wasSilent } from './memory.ts'

/**
 * The way that is set: by --via, else in the config. The sandbox's server is on this machine, unless it plays that it is not.
 * Undefined: infra finds it.
 */
export const setWay = (s: Pick<Session, 'config' | 'sandbox' | 'privateDatabases'>, override?: Via): Via | undefined => {
  if (s.sandbox && !s.privateDatabases) return 'direct'
  const { via } = s.config.databases
  return override ?? (via === 'auto' ? undefined : via)
}

const addressOf = ({ host, port }: Pick<Server, 'host' | 'port'>): string => `${host}:${port}`

/** Whether the server answers from here. An address that did not is not waited for again before an hour, or another network. */
export const reachable = async (server: Pick<Server, 'host' | 'port' | 'engine'>): Promise<boolean> => {
  const address = addressOf(server)
  if (await wasSilent(address)) return false
  const does = await answers(server)
  if (!does) await rememberSilent(address, true)
  return does
}

/** The server was reached after all: it is tried first again, whatever was remembered. */
export const reached = (server: Pick<Server, 'host' | 'port'>): Promise<void> => rememberSilent(addressOf(server), false)

/** Finds the way into a server where none is set. @throws InfraError (exit 2) where there is none */
export const findWay = async (s: Session, server: Server, use: Use): Promise<Via> =>
  (await reachable(server)) ? 'direct' : otherWay(s, use)

/**
 * The way where the server does not answer from here: a container, where it can run; else a tunnel, where something is there that it
 * could go through.
 * @param network as it was just looked up; else as it is recorded
 * @throws InfraError (exit 2) that says what would make one possible
 */
export const otherWay = async (s: Session, use: Use, network?: ExistingNetwork): Promise<'task' | 'ssm'> => {
  const why = use === 'stream' ? 'a container carries no stream' : await noContainer(s, network)
  if (why === undefined) return 'task'
  if (hasTarget(s)) return 'ssm'
  throw noWay(s, use, why)
}

/** Something that a tunnel goes through is named, or is a part of the stack. */
export const hasTarget = ({ config }: Pick<Session, 'config'>): boolean =>
  config.databases.target !== undefined || config.steps.includes('bastion')

/** Why no container can carry SQL to the server; undefined where one can. Asks AWS only about a network that infra did not make. */
export const noContainer = async (s: Session, network?: ExistingNetwork): Promise<string | undefined> => {
  if (s.config.rds.engine !== 'postgres') return 'a container carries out SQL for PostgreSQL only'
  if (await containerNetwork(s, network)) return undefined
  return `a container would get neither its image nor its secrets: no subnet of ${network?.vpcId ?? knownNetwork(s)?.vpcId} has a route to the internet`
}

/** Where a container can run. A network of infra's own has public subnets. */
export const containerNetwork = async (s: Session, network = knownNetwork(s)): Promise<WayOut | undefined> => {
  if (network) return wayOut(s.aws, network)
  const subnets = [...s.state.all()].flatMap(([key, row]) =>
    key.startsWith('public-subnet-') && row.type === 'ec2.subnet' && row.attrs?.id ? [String(row.attrs.id)] : [],
  )
  return { subnets, publicAddress: true }
}

const knownNetwork = (s: Session): ExistingNetwork | undefined =>
  offlineLookups(s.config, s.state, s.caller.account, s.caller.partition).network

/** @param why what keeps a container from being the way */
export const noWay = ({ config }: Session, use: Use, why: string): InfraError => {
  const ways = [
    'add bastion to steps and run infra create bastion (a tunnel through it)',
    ...(use === 'sql' && config.rds.engine === 'postgres' && config.vpc.mode !== 'new'
      ? ['give a subnet a route to a NAT gateway or an internet gateway (a container then)']
      : []),
    ...(use === 'sql'
      ? ['set databases.via: direct if this machine reaches that network (VPN)']
      : ['connect this machine to that network (VPN)']),
    ...(use === 'sql' && config.rds.engine === 'postgres' ? ['set databases.via: print (you run the SQL)'] : []),
  ]
  return refuse(
    'Nothing leads into the database server',
    `it has no public address and does not answer from here; ${why}`,
    `One of these: ${ways.join('; ')}. Then run the same command again`,
  )
}
