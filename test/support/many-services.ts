/** An infra.yaml with so many services in one cluster, each with a log group and a task definition, and little else. */
export const manyServices = (count: number): string => `project: shop
environment: dev
region: us-east-1
steps: [vpc, security-groups, secrets, ecs]
securityGroups: { bastionCidr: none }
vpc: { nat: none }
ecs:
  services:
${Array.from({ length: count }, (_, i) => `    s${i}: { image: "nginx:1.26", subnets: public }`).join('\n')}
`
