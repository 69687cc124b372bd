// Made from the calls in the source: UPDATE_DOCS=1 npx vitest run test/docs/permissions.test.ts
/** IAM actions of what is called outside of the steps' resources. */
export const CALLED: Called = {
  plan: ["application-autoscaling:DescribeScalableTargets","ec2:DescribeAvailabilityZones","ec2:DescribeRouteTables","ec2:DescribeSubnets","ec2:DescribeVpcs","ecr:DescribeImages","ecs:DescribeServices","ecs:DescribeTaskDefinition","freeTier:GetAccountPlanState","rds:DescribeDBEngineVersions","rds:DescribeDBInstances","rds:DescribeEngineDefaultParameters","rds:DescribeOrderableDBInstanceOptions","ssm:GetParameter","sts:GetCallerIdentity"],
  create: ["rds:AddTagsToResource","rds:CreateDBSnapshot","rds:DescribeDBSnapshots"],
  task: ["ecs:DescribeTasks","ecs:RunTask","ecs:StopTask","ecs:TagResource","iam:PassRole","logs:GetLogEvents"],
  ssm: ["ec2:DescribeInstances","ecs:DescribeTasks","ecs:ListTasks","ssm:DescribeInstanceInformation","ssm:StartSession","ssm:TerminateSession"],
  state: ["s3:DeleteObject","s3:GetObject","s3:PutObject"],
  commands: {
    plan: ["application-autoscaling:DescribeScalableTargets","ec2:DescribeAvailabilityZones","ec2:DescribeSubnets","ec2:DescribeVpcs","ecr:DescribeImages","ecs:DescribeServices","ecs:DescribeTaskDefinition","freeTier:GetAccountPlanState","rds:DescribeDBEngineVersions","rds:DescribeDBInstances","rds:DescribeEngineDefaultParameters","rds:DescribeOrderableDBInstanceOptions","ssm:GetParameter"],
    create: ["application-autoscaling:DescribeScalableTargets","ec2:DescribeAvailabilityZones","ec2:DescribeSubnets","ec2:DescribeVpcs","ecr:DescribeImages","ecs:DescribeServices","ecs:DescribeTaskDefinition","freeTier:GetAccountPlanState","rds:AddTagsToResource","rds:CreateDBSnapshot","rds:DescribeDBEngineVersions","rds:DescribeDBInstances","rds:DescribeDBSnapshots","rds:DescribeEngineDefaultParameters","rds:DescribeOrderableDBInstanceOptions","ssm:GetParameter"],
    status: ["application-autoscaling:DescribeScalableTargets","ec2:DescribeAvailabilityZones","ec2:DescribeSubnets","ec2:DescribeVpcs","ecr:DescribeImages","ecs:DescribeServices","ecs:DescribeTaskDefinition","freeTier:GetAccountPlanState","rds:DescribeDBEngineVersions","rds:DescribeDBInstances","rds:DescribeEngineDefaultParameters","rds:DescribeOrderableDBInstanceOptions","ssm:GetParameter","sts:GetCallerIdentity"],
    cost: ["pricing:GetProducts","sts:GetCallerIdentity"],
    env: ["secretsmanager:DescribeSecret","secretsmanager:GetSecretValue","sts:GetCallerIdentity"],
    recover: ["application-autoscaling:DescribeScalableTargets","ec2:DescribeAvailabilityZones","ec2:DescribeSubnets","ec2:DescribeVpcs","ecr:DescribeImages","ecs:DescribeServices","ecs:DescribeTaskDefinition","rds:DescribeDBEngineVersions","rds:DescribeDBInstances","rds:DescribeEngineDefaultParameters","rds:DescribeOrderableDBInstanceOptions","ssm:GetParameter"],
    unlock: ["sts:GetCallerIdentity"],
    state: ["sts:GetCallerIdentity"],
    'db tunnel': ["rds:DescribeDBInstances","secretsmanager:GetSecretValue"],
    'db connect': ["rds:DescribeDBInstances","secretsmanager:GetSecretValue"],
    'db credentials': ["secretsmanager:GetSecretValue"],
    'db list': ["rds:DescribeDBInstances","secretsmanager:GetSecretValue"],
    'db add': ["application-autoscaling:DescribeScalableTargets","ec2:DescribeAvailabilityZones","ec2:DescribeSubnets","ec2:DescribeVpcs","ecr:DescribeImages","ecs:DescribeServices","ecs:DescribeTaskDefinition","freeTier:GetAccountPlanState","rds:AddTagsToResource","rds:CreateDBSnapshot","rds:DescribeDBEngineVersions","rds:DescribeDBInstances","rds:DescribeDBSnapshots","rds:DescribeEngineDefaultParameters","rds:DescribeOrderableDBInstanceOptions","ssm:GetParameter"],
    'db drop': ["rds:DescribeDBInstances","secretsmanager:GetSecretValue"],
    'db verify': ["application-autoscaling:DescribeScalableTargets","ec2:DescribeAvailabilityZones","ec2:DescribeSubnets","ec2:DescribeVpcs","ecr:DescribeImages","ecs:DescribeServices","ecs:DescribeTaskDefinition","freeTier:GetAccountPlanState","rds:DescribeDBEngineVersions","rds:DescribeDBInstances","rds:DescribeEngineDefaultParameters","rds:DescribeOrderableDBInstanceOptions","secretsmanager:GetSecretValue","ssm:GetParameter"],
    'db snapshot': ["rds:AddTagsToResource","rds:CreateDBSnapshot","rds:DescribeDBInstances","rds:DescribeDBSnapshots"],
    'db snapshot delete': ["rds:DeleteDBSnapshot","rds:DescribeDBSnapshots"],
    'db snapshots': ["rds:DescribeDBSnapshots"],
    'db restore': ["rds:DescribeDBInstanceAutomatedBackups","rds:DescribeDBInstances","rds:DescribeDBSnapshots"],
    'db backup': ["rds:DescribeDBInstances","s3:AbortMultipartUpload","s3:GetObject","s3:PutObject","secretsmanager:GetSecretValue"],
    'db load': ["rds:DescribeDBInstances","s3:GetObject","secretsmanager:GetSecretValue"],
    'db stop': ["rds:DescribeDBInstances","rds:StartDBInstance","rds:StopDBInstance"],
    'db failover': ["rds:DescribeDBInstances","rds:RebootDBInstance"],
    'db reboot': ["rds:DescribeDBInstances","rds:RebootDBInstance"],
    'db start': ["rds:DescribeDBInstances","rds:StartDBInstance","rds:StopDBInstance"],
    'db rotate-password': ["rds:DescribeDBInstances","rds:ModifyDBInstance","secretsmanager:DescribeSecret","secretsmanager:GetSecretValue","secretsmanager:PutSecretValue","secretsmanager:UpdateSecretVersionStage"],
    bastion: ["ec2:StartInstances","ec2:StopInstances"],
    deploy: ["application-autoscaling:DescribeScalableTargets","application-autoscaling:RegisterScalableTarget","application-autoscaling:TagResource","ecr:DescribeImages","ecs:DescribeServiceRevisions","ecs:DescribeServices","ecs:DescribeTaskDefinition","ecs:DescribeTasks","ecs:ListServiceDeployments","ecs:ListTasks","ecs:RegisterTaskDefinition","ecs:TagResource","ecs:UpdateService","elasticloadbalancing:DescribeTargetGroupAttributes","elasticloadbalancing:DescribeTargetHealth","iam:CreateServiceLinkedRole","iam:PassRole","logs:GetLogEvents","secretsmanager:DescribeSecret","secretsmanager:GetSecretValue","sts:GetCallerIdentity"],
    rollback: ["application-autoscaling:DescribeScalableTargets","application-autoscaling:RegisterScalableTarget","application-autoscaling:TagResource","ecr:DescribeImages","ecs:DescribeServiceRevisions","ecs:DescribeServices","ecs:DescribeTaskDefinition","ecs:DescribeTasks","ecs:ListServiceDeployments","ecs:ListTaskDefinitions","ecs:ListTasks","ecs:RegisterTaskDefinition","ecs:TagResource","ecs:UpdateService","elasticloadbalancing:DescribeTargetGroupAttributes","elasticloadbalancing:DescribeTargetHealth","iam:CreateServiceLinkedRole","iam:PassRole","logs:GetLogEvents","secretsmanager:DescribeSecret","secretsmanager:GetSecretValue","sts:GetCallerIdentity"],
    logs: ["ecs:DescribeServices","ecs:DescribeTaskDefinition","logs:FilterLogEvents","sts:GetCallerIdentity"],
    exec: ["ec2:DescribeNetworkInterfaces","ec2:DescribeRouteTables","ec2:DescribeSubnets","ec2:DescribeVpcEndpoints","ecs:DescribeServices","ecs:DescribeTaskDefinition","ecs:DescribeTasks","ecs:ExecuteCommand","ecs:ListTasks","iam:SimulatePrincipalPolicy","ssm:TerminateSession","sts:GetCallerIdentity"],
    run: ["ecr:DescribeImages","ecs:DescribeServices","ecs:DescribeTaskDefinition","ecs:DescribeTasks","ecs:ListTasks","ecs:RunTask","ecs:StopTask","ecs:TagResource","iam:PassRole","logs:GetLogEvents","secretsmanager:DescribeSecret","secretsmanager:GetSecretValue","sts:GetCallerIdentity"],
    scale: ["application-autoscaling:DescribeScalableTargets","application-autoscaling:RegisterScalableTarget","application-autoscaling:TagResource","ecs:DescribeServices","ecs:DescribeTaskDefinition","ecs:DescribeTasks","ecs:ListTasks","ecs:UpdateService","elasticloadbalancing:DescribeTargetGroupAttributes","elasticloadbalancing:DescribeTargetHealth","iam:CreateServiceLinkedRole","logs:GetLogEvents","secretsmanager:DescribeSecret","secretsmanager:GetSecretValue","sts:GetCallerIdentity"],
    stop: ["application-autoscaling:DescribeScalableTargets","application-autoscaling:RegisterScalableTarget","application-autoscaling:TagResource","ecs:DescribeServices","ecs:UpdateService","elasticloadbalancing:DescribeTargetGroupAttributes","iam:CreateServiceLinkedRole","rds:DescribeDBInstances","rds:StartDBInstance","rds:StopDBInstance"],
    start: ["application-autoscaling:DescribeScalableTargets","application-autoscaling:RegisterScalableTarget","application-autoscaling:TagResource","ecs:DescribeServices","ecs:DescribeTaskDefinition","ecs:DescribeTasks","ecs:ListTasks","ecs:UpdateService","elasticloadbalancing:DescribeTargetGroupAttributes","elasticloadbalancing:DescribeTargetHealth","iam:CreateServiceLinkedRole","logs:GetLogEvents","rds:DescribeDBInstances","rds:StartDBInstance","rds:StopDBInstance","secretsmanager:DescribeSecret","secretsmanager:GetSecretValue"],
    verify: ["application-autoscaling:DescribeScalableTargets","cloudwatch:GetMetricData","ecs:DescribeServices","ecs:DescribeTaskDefinition","ecs:DescribeTasks","ecs:ListTasks","elasticloadbalancing:DescribeListeners","elasticloadbalancing:DescribeLoadBalancers","elasticloadbalancing:DescribeRules","elasticloadbalancing:DescribeTargetGroups","elasticloadbalancing:DescribeTargetHealth","logs:FilterLogEvents","secretsmanager:DescribeSecret","secretsmanager:GetSecretValue","sts:GetCallerIdentity"],
  },
}

export interface Called {
  /** What a plan asks beside the resources, and what a create does. */
  readonly plan: readonly string[]
  readonly create: readonly string[]
  /** Ways into a database server. */
  readonly task: readonly string[]
  readonly ssm: readonly string[]
  /** A state in a bucket. */
  readonly state: readonly string[]
  /** What each command does itself: `db stop` to its actions. */
  readonly commands: Readonly<Record<string, readonly string[]>>
}
