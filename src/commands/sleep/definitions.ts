import { define } from '../../session/define.ts'

const RUN = 'Run:'

export const bastion = define('bastion <stop|start>', {
  group: RUN,
  about: 'put the bastion to sleep while nobody needs it, and wake it',
})

export const stop = define('stop', {
  group: RUN,
  about: 'the database and all services to sleep: what it saves, and when AWS starts the database again',
})

export const start = define('start', { group: RUN, about: 'all that was stopped, as it was' })
