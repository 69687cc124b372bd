import type { Rule } from './table.ts'

const LOG = 'Its last lines say why: infra logs'
/** A new account begins with few. */
const FARGATE =
  'Ask for more: aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value <vCPUs>'

/** Ends of a task that had its image and its secrets. The first that fits counts. */
export const START_RULES: readonly Rule[] = [
  {
    when: /exec: \\?"([^"\\]+)\\?": (?:stat [^:]+: no such file|executable file not found|permission denied)/i,
    what: (m) => `the image has no command ${m[1]}, or it cannot be run`,
    next: 'Fix command in infra.yaml, or the image',
    elsewhere: 'Fix command in the task definition, or the image',
  },
  {
    when: /exec format error/i,
    what: 'the image is made for another processor than the task',
    next: 'Build it for the right one (docker build --platform linux/amd64), or set architecture: ARM64 in infra.yaml',
    elsewhere: 'Build it for the processor of the task definition: docker build --platform linux/amd64',
  },
  {
    when: /OutOfMemory|memory usage/i,
    what: 'the container needed more memory than the task has',
    next: 'Set more memory for it in infra.yaml, then: infra create ecs',
    elsewhere: 'Give the task definition more memory',
  },
  {
    when: /(?:ContainerRuntimeTimeout|DockerTimeout)Error/i,
    what: 'the container did not start in time',
    next: `${LOG}; or set more cpu for it in infra.yaml`,
    elsewhere: `${LOG}; or give the task definition more cpu`,
    retries: 1,
  },
  {
    when: /failed container health checks/i,
    what: 'the health check inside the container failed',
    next: `${LOG}; the check is health.command in infra.yaml, and the image must have what it calls (curl is often missing)`,
    elsewhere: `${LOG}; the check is healthCheck in the task definition, and the image must have what it calls (curl is often missing)`,
  },
  {
    when: /failed ELB health checks[\s\S]*codes?: \[([\d, ]+)\]/i,
    what: (m) =>
      `the load balancer's health check got the answer ${m[1]}: a wrong path, a redirect, or an error of the application`,
    next: 'Fix health.path or health.matcher in infra.yaml (they are changed in place), then: infra create load-balancer',
    elsewhere: 'Fix the path or the codes of the target group (aws elbv2 modify-target-group), or the application',
  },
  {
    when: /failed ELB health checks[\s\S]*(Request timed out|Target\.Timeout)/i,
    what: "the load balancer's health check got no answer in time: the port is closed to it, or the application is slow to start",
    next: 'infra create ecs puts the rule right; health.graceSeconds in infra.yaml gives it more time to start',
    elsewhere:
      'Let the group of the load balancer reach the port, or give it more time: aws ecs update-service --health-check-grace-period-seconds',
  },
  {
    when: /failed ELB health checks[\s\S]*Availability Zone that is not enabled/i,
    what: 'the task is in a zone that the load balancer does not serve',
    next: 'infra create load-balancer',
    elsewhere: 'Give the load balancer a subnet in every zone of the service: aws elbv2 set-subnets',
  },
  {
    when: /failed ELB health checks/i,
    what: 'the load balancer got no good answer from it',
    next: `${LOG}; the check is health.path, matcher and graceSeconds in infra.yaml`,
    elsewhere: `${LOG}; look at the health check of the target group and at the grace period of the service`,
  },
  {
    when: /Target\w* group .*(not found|does not exist)|TARGET GROUP IS NOT FOUND/i,
    what: 'its target group is gone',
    next: 'infra create load-balancer',
    elsewhere: 'Give the service a target group that is there',
  },
  {
    when: /Spot Task was interrupted|SpotInterruption/i,
    what: 'AWS took the Spot capacity back',
    next: 'ECS starts another; set capacity: FARGATE in infra.yaml where that must not happen',
    elsewhere: 'ECS starts another; use FARGATE instead of FARGATE_SPOT where that must not happen',
    // It says nothing about the application, however often it happens.
    retries: Number.POSITIVE_INFINITY,
  },
  {
    when: /performing maintenance on the underlying infrastructure|^Host EC2|Container instance .*terminated/im,
    what: 'AWS took the machine under it away',
    next: 'ECS starts another',
    elsewhere: 'ECS starts another',
    retries: 2,
  },
  {
    when: /limit on the number of (tasks|vCPUs)|requested \w+ configuration is above your limit/i,
    what: 'an account limit of Fargate is reached',
    next: FARGATE,
    elsewhere: FARGATE,
  },
  {
    when: /Capacity is unavailable|RESOURCE:|no Fargate capacity|insufficient capacity|TaskLimit|InsufficientCapacity/i,
    what: 'AWS has no room for it now',
    next: 'ECS tries again by itself; if it goes on: capacity: FARGATE instead of FARGATE_SPOT, or subnets in more zones',
    elsewhere: 'ECS tries again by itself; if it goes on: FARGATE instead of FARGATE_SPOT, or subnets in more zones',
    retries: 2,
  },
  {
    when: /unable to place a task\. Reason: Internal error/i,
    what: 'AWS has a problem of its own',
    next: 'ECS tries again by itself; if it goes on: https://health.aws.amazon.com',
    elsewhere: 'ECS tries again by itself; if it goes on: https://health.aws.amazon.com',
    retries: 2,
  },
  {
    when: /free addresses in subnet|InsufficientFreeAddresses|enough IP space/i,
    what: 'the subnet has no free address left',
    next: 'Give the service a larger subnet, or take away what is not needed',
    elsewhere: 'Give the service a larger subnet, or take away what is not needed',
  },
  {
    when: /network interface|EphemeralStorage provisioning|Rate exceeded|rate limit/i,
    what: 'AWS was slow to give it a network interface: usual for the first task in a quiet network',
    next: 'ECS tries again by itself; if it goes on: infra deploy --force',
    elsewhere: 'ECS tries again by itself; if it goes on: infra deploy --force',
    retries: 2,
  },
  {
    when: /unable to assume|cannot be assumed|not authorized to perform: sts:AssumeRole/i,
    cause: 'role',
    what: 'ECS may not use the role of the task',
    next: 'infra create ecs puts the role right',
    elsewhere: 'Let ecs-tasks.amazonaws.com assume the role (its trust policy)',
  },
]
