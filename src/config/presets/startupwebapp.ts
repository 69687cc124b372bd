import type { JsonObject } from '../../core/json.ts'
import type { StepName } from '../names.ts'
import type { Preset } from './preset.ts'

/** Written out: a step that infra learns later does not come into a stack that is there. */
const STEPS: readonly StepName[] = [
  'vpc',
  'security-groups',
  'secrets',
  'rds',
  'databases',
  'registry',
  'load-balancer',
  'ecs',
  'autoscaling',
  'monitoring',
]
const HEALTH = '/order/products'
const AUTOSCALING = {
  min: 1,
  max: 4,
  cpuPercent: 70,
  memoryPercent: 80,
  scaleOutCooldownSeconds: 60,
  scaleInCooldownSeconds: 300,
}

/** The Django application of the scripts: one service, its migrations, and the names that its pipeline looks up. */
const containers = (project: string, environment: string, steps: readonly unknown[] | undefined): JsonObject => {
  const production = environment === 'production'
  const own = (name: string): JsonObject => (production ? { name } : {})
  const part = (family: string, logGroup: string): JsonObject => (production ? { family, logGroup } : {})
  const settings = {
    DJANGO_SETTINGS_MODULE: 'StartupWebApp.settings_production',
    AWS_REGION: '${region}',
    DB_SECRET_NAME: '${secret.name}',
    // Left out once, and the migrations of all three ran against one database.
    DATABASE_NAME: 'startupwebapp_prod',
  }
  const secrets = {
    DATABASE_PASSWORD: 'database:password',
    DATABASE_USER: 'database:username',
    DATABASE_HOST: 'database:host',
    DATABASE_PORT: 'database:port',
  }
  return {
    steps: [...STEPS],
    registry: own(`${project}-backend`),
    ecs: {
      ...(production
        ? { executionRole: `ecsTaskExecutionRole-${project}`, taskRole: `ecsTaskRole-${project}`, cluster: `${project}-cluster` }
        : {}),
      services: {
        web: {
          ...own(`${project}-service`),
          ...part(`${project}-service-task`, `/ecs/${project}-service`),
          ...(production ? { targetGroup: `${project}-tg` } : {}),
          cpu: 512,
          memory: 1024,
          port: 8000,
          desired: 2,
          command: [
            'gunicorn',
            'StartupWebApp.wsgi:application',
            '--bind',
            '0.0.0.0:8000',
            '--workers',
            '3',
            '--timeout',
            '30',
            '--access-logfile',
            '-',
            '--error-logfile',
            '-',
          ],
          environment: { ...settings, ENVIRONMENT_DOMAIN: '${loadBalancer.url}' },
          secrets,
          health: {
            path: HEALTH,
            unhealthyThreshold: 3,
            graceSeconds: 120,
            command: `curl -f http://localhost:8000${HEALTH} || exit 1`,
          },
          ...(steps === undefined || steps.includes('autoscaling') ? { autoscaling: AUTOSCALING } : {}),
        },
      },
      tasks: {
        migrate: {
          ...part(`${project}-migration-task`, `/ecs/${project}-migrations`),
          container: 'migration',
          command: ['python', 'manage.py', 'migrate'],
          environment: settings,
          secrets,
        },
      },
    },
  }
}

/**
 * The StartupWebApp scripts (bartgottschalk/startup_web_app_server_side, scripts/infra): names, sizes and settings. The names of the
 * scripts hold for production only: other environments must not collide.
 */
export const startupwebapp: Preset = {
  proposes: { project: 'startupwebapp', environment: 'production', application: 'StartupWebApp' },
  config: ({ project, environment, application, superuserEmail, steps }) => ({
    application,
    tags: { ManagedBy: 'InfrastructureAsCode' },
    ...(environment === 'production' ? { namePrefix: project } : {}),
    securityGroups: { bastionCidr: 'auto' },
    secrets: {
      recoveryWindowDays: 30,
      database: {
        name: `rds/${project}/multi-tenant/${environment === 'production' ? '' : `${environment}/`}master`,
        description: `All ${environment} credentials for ${application} (Database, Django, Stripe, Email)`,
        keys: {
          django_secret_key: { generate: 50 },
          superuser_username: { value: 'prod-admin' },
          superuser_email: { value: superuserEmail },
          superuser_password: { generate: 32 },
          stripe_secret_key: { placeholder: 'sk_live_PLACEHOLDER_UPDATE_WITH_REAL_KEY' },
          stripe_publishable_key: { placeholder: 'pk_live_PLACEHOLDER_UPDATE_WITH_REAL_KEY' },
          email_host: { placeholder: 'smtp.example.com' },
          email_port: { value: 587 },
          email_user: { placeholder: 'notifications@example.com' },
          email_password: { placeholder: 'PLACEHOLDER_UPDATE_WITH_REAL_PASSWORD' },
        },
      },
    },
    rds: {
      version: '16',
      // An environment may well be called prod: its database must not be that of production.
      identifier: environment === 'production' ? `${project}-multi-tenant-prod` : `${project}-${environment}-multi-tenant`,
      instanceClass: 'db.t4g.small',
      masterUsername: 'postgres',
      logExports: ['postgresql'],
      deletionProtection: true,
      ...(environment === 'production' ? { monitoringRoleName: 'rds-monitoring-role' } : {}),
    },
    bastion: { instanceType: 't3.micro' },
    databases: {
      appUser: 'django_app',
      names: ['startupwebapp_prod', 'healthtech_experiment', 'fintech_experiment'],
      encoding: 'UTF8',
      collation: 'en_US.UTF-8',
    },
    ...containers(project, environment, steps),
    monitoring: {
      dashboard: {
        name: environment === 'production' ? `${application}-RDS-MultiTenant` : `${application}-${environment}-RDS-MultiTenant`,
      },
    },
  }),
}
