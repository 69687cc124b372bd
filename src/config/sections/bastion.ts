import type { Kit } from '../kit.ts'
import { section } from '../section.ts'

const schema = ({ z, text }: Kit) =>
  z
    .strictObject({
      instanceType: text(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'it must be an EC2 instance type, for example t4g.micro').optional(),
    })
    .prefault({})

export const bastion = section('bastion', { step: 'bastion', schema })
