import type { JsonObject } from '../state/json.ts'

export interface Identity {
  readonly project: string
  readonly environment: string
  readonly application: string
  readonly superuserEmail: string
}

/** What a preset sets, below infra.yaml. The names of the scripts hold for production only: other environments must not collide. */
export const presets: Readonly<Record<string, (of: Identity) => JsonObject>> = {
  /** The StartupWebApp scripts (bartgottschalk/startup_web_app_server_side, scripts/infra): names, sizes and settings. */
  startupwebapp: ({ project, environment, application, superuserEmail }) => ({
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
    monitoring: {
      dashboard: {
        name: environment === 'production' ? `${application}-RDS-MultiTenant` : `${application}-${environment}-RDS-MultiTenant`,
      },
    },
  }),
}

/** What the preset proposes when nobody says otherwise. */
export const PRESET_DEFAULTS: Readonly<Record<string, { project: string; environment: string; application: string }>> = {
  startupwebapp: { project: 'startupwebapp', environment: 'production', application: 'StartupWebApp' },
}
