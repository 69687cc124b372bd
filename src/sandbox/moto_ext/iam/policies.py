"""IAM: the handful of AWS's managed policies that stacks attach. moto has all 1300 or none; all cost a second a reset."""

from typing import Any

from moto.iam.models import AWSManagedPolicy, IAMBackend
from moto.settings import load_iam_aws_managed_policies

# path -> name -> the services whose actions it allows. The real documents are finer; nothing in the sandbox reads them.
POLICIES = {
    "/service-role/": {
        "AmazonRDSEnhancedMonitoringRole": ["logs"],
        "AmazonECSTaskExecutionRolePolicy": ["ecr", "logs"],
        "AWSLambdaBasicExecutionRole": ["logs"],
        "AWSLambdaVPCAccessExecutionRole": ["logs", "ec2"],
        "AmazonEC2ContainerServiceforEC2Role": ["ecs", "ecr", "logs"],
        "AWSAppRunnerServicePolicyForECRAccess": ["ecr"],
    },
    "/": {
        "AmazonSSMManagedInstanceCore": ["ssm", "ssmmessages", "ec2messages"],
        "CloudWatchAgentServerPolicy": ["cloudwatch", "logs"],
        "AmazonEC2ContainerRegistryReadOnly": ["ecr"],
        "AmazonS3ReadOnlyAccess": ["s3"],
        "SecretsManagerReadWrite": ["secretsmanager"],
        "ReadOnlyAccess": ["ec2", "iam", "rds", "s3"],
        "AdministratorAccess": ["*"],
    },
}
SINCE = "2015-11-11T19:58:29+00:00"

_all = IAMBackend._init_aws_policies


def document(services: list[str]) -> dict[str, Any]:
    actions = ["*" if s == "*" else f"{s}:*" for s in services]
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}


def init_aws_policies(self: Any) -> list[Any]:
    if load_iam_aws_managed_policies():
        return list(_all(self))
    return [
        AWSManagedPolicy.from_data(
            name,
            self.account_id,
            self.region_name,
            {"Path": path, "DefaultVersionId": "v1", "Document": document(services), "CreateDate": SINCE, "UpdateDate": SINCE},
        )
        for path, named in POLICIES.items()
        for name, services in named.items()
    ]


IAMBackend._init_aws_policies = init_aws_policies
