import { START_RULES } from './start.ts'
import type { Rule } from './table.ts'

/** What applications say of themselves before they end. Only their own lines are looked through. */
export const LOG_RULES: readonly Rule[] = [
  ...START_RULES.filter((r) => r.when.test('exec format error')),
  {
    when: /no pg_hba\.conf entry[^\n]*no encryption|SSL off|SSL\/TLS required/i,
    what: 'the database lets nobody in without TLS',
    next: 'Switch it on in the application (sslmode=require)',
    elsewhere: 'Switch it on in the application (sslmode=require)',
  },
  {
    when: /password authentication failed for user|Access denied for user/i,
    what: 'the database does not take its password',
    next: 'The variable must come from the secret (infra deploy --set-secret <K=database:password>); new tasks read it anew: infra deploy --force',
    elsewhere:
      'The variable must come from the secret (infra deploy --set-secret <K=secret:KEY>); new tasks read it anew: infra deploy --force',
  },
  {
    when: /WRONGPASS|NOAUTH|invalid username-password pair/i,
    what: 'Redis does not take its password, or wants a user name too',
    next: 'Take both from the secret: infra deploy --set-secret <K=secret:KEY>',
    elsewhere: 'Take both from the secret: infra deploy --set-secret <K=secret:KEY>',
  },
  {
    when: /WRONG_VERSION_NUMBER|wrong version number|record layer failure|packet length too long|got "\\x15" as reply/i,
    what: 'it and the server that it connects to do not agree about TLS: one speaks it, the other does not',
    next: 'Fix the variable for it (of Redis with TLS: rediss:// and TLS on): infra deploy --set-env <K=V>',
    elsewhere: 'Fix the variable for it (of Redis with TLS: rediss:// and TLS on): infra deploy --set-env <K=V>',
  },
  {
    when: /could not translate host name|getaddrinfo (?:ENOTFOUND|EAI_AGAIN)|Name or service not known/i,
    what: 'it does not find the host that it wants to connect to',
    next: 'Look at the variable that holds the host: infra deploy --set-env <K=V>, or --set-secret <K=database:host>',
    elsewhere: 'Look at the variable that holds the host: infra deploy --set-env <K=V>',
  },
  {
    when: /(?:connection (?:to server[^\n]*)?(?:timed out|timeout)|timeout expired|ETIMEDOUT|could not connect to server|connection refused|ECONNREFUSED)/i,
    what: 'it does not reach what it connects to (a database, a cache)',
    next: 'Look at host and port in its variables; infra create security-groups puts the rule right',
    elsewhere: 'Look at host and port in its variables, and at the group of the other side',
  },
  {
    when: /(ModuleNotFoundError: [^\n]{1,120}|Cannot find module '[^'\n]{1,120}')/,
    what: (m) => `the image lacks a part: ${m[1]}`,
    next: 'Build it anew with all that it needs, then: infra deploy --image <tag>',
    elsewhere: 'Build it anew with all that it needs, then: infra deploy --image <tag>',
  },
  {
    when: /database "([^"\n]+)" does not exist|Unknown database '([^'\n]+)'/,
    what: (m) => `the server has no database ${m[1] ?? m[2]}`,
    next: 'infra db add <name> makes one; which one it uses stands in its variables: infra deploy --set-env <K=V>',
    elsewhere: 'Make it, or fix the variable that names it: infra deploy --set-env <K=V>',
  },
  {
    when: /relation "([^"\n]+)" does not exist|Table '([^'\n]+)' doesn't exist/,
    what: (m) => `the database has no table ${m[1] ?? m[2]}: the migrations were not run`,
    next: 'infra run -- <command>, then: infra deploy --force',
    elsewhere: 'infra run -- <command>, then: infra deploy --force',
  },
  {
    when: /too many clients already|remaining connection slots are reserved|too many connections/i,
    what: 'the database has no connection left',
    next: 'infra scale <service> <fewer>; or a larger rds.instanceClass in infra.yaml, then: infra create rds',
    elsewhere: 'infra scale <fewer>; or a larger database',
  },
  // What it asks of AWS itself: S3, SQS, ...
  {
    when: /InvalidAccessKeyId|InvalidClientTokenId|SignatureDoesNotMatch|security token included in the request is (?:invalid|expired)/,
    what: 'AWS does not take the keys in its variables: wrong, deleted, or with a blank too many',
    next: 'Without keys it uses the task role: infra deploy --unset AWS_ACCESS_KEY_ID --unset AWS_SECRET_ACCESS_KEY',
    elsewhere:
      'Put good ones into the secret, then: infra deploy --force; without keys it uses the task role: infra deploy --unset <K>',
  },
  {
    when: /Unable to locate credentials|Could not load credentials from any providers|NoCredentialProviders/,
    what: 'it finds no AWS credentials: the task has no role of its own',
    next: 'infra create ecs gives it one',
    elsewhere: 'Set taskRoleArn in the task definition',
  },
  {
    when: /is not authorized to perform: ([\w-]+:\w+)|\(AccessDenied\) when calling the (\w+) operation/,
    what: (m) => `its role may not do ${m[1] ?? m[2]}`,
    next: 'Name a policy that allows it under ecs.services.<service>.managedPolicies in infra.yaml, then: infra create ecs',
    elsewhere: 'Allow it in the task role: aws iam put-role-policy',
  },
  {
    when: /NoSuchBucket|The specified bucket does not exist/,
    what: 'the bucket that it wants to use is not there',
    next: 'Fix the variable that names it: infra deploy --set-env <K=V>',
    elsewhere: 'Fix the variable that names it: infra deploy --set-env <K=V>',
  },
  {
    when: /EADDRINUSE|Address already in use/i,
    what: 'its port is taken by something else in the same task',
    next: 'Fix port or command in infra.yaml, then: infra create ecs',
    elsewhere: 'Fix the port or the command in the task definition',
  },
]
