import { AGAIN, type Rule } from './explain-rule.ts'

/** Errors of RDS: docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html and API_ModifyDBInstance.html */
export const RDS_RULES: readonly Rule[] = [
  [
    /^(InvalidParameterValue|InvalidParameterCombination|AccessDenied|AuthFailure)/,
    (e) => ({
      what: 'RDS has no role of its own in this account yet',
      why: e.message,
      next: `Wait a minute, or make it: aws iam create-service-linked-role --aws-service-name rds.amazonaws.com, ${AGAIN}`,
    }),
    /permission to create service linked role|Missing necessary credentials.*ServiceLinkedRole|AWSServiceRoleForRDS/i,
  ],
  [
    /^InvalidParameterCombination$/,
    (e, at) => ({
      what: `RDS has no ${/Cannot find version (\S+) for (\S+)/i.exec(e.message)?.slice(1).reverse().join(' ') ?? 'such version'} in ${at.region}`,
      why: `${e.message}. AWS retires minor versions`,
      next: `Set the major version only in infra.yaml (rds.version: "16"), ${AGAIN}; aws rds describe-db-engine-versions --region ${at.region} --engine postgres lists them`,
    }),
    /Cannot find version/i,
  ],
  [
    /^InvalidParameterCombination$/,
    (e, at) => ({
      what: `RDS does not offer this class with this engine, version or storage in ${at.region}`,
      why: e.message,
      next: `Set another rds.instanceClass or rds.version in infra.yaml, ${AGAIN}; aws rds describe-orderable-db-instance-options --region ${at.region} --engine postgres lists them`,
    }),
    /does not support the creation of a DB instance|combination of|DB ?Instance ?Class/i,
  ],
  [
    /^InvalidParameterCombination$/,
    (e) => ({
      what: 'AWS still optimizes the storage after its last change',
      why: e.message,
      next: `Its size and type can be changed again 6 hours after the last change, once the status is available: wait, ${AGAIN}`,
    }),
    /previous storage change is being optimized|storage.*(6|six) hours/i,
  ],
  [
    /^StorageTypeNotSupported/,
    (e) => ({ what: 'RDS does not offer this storage for it', why: e.message, next: `Set another rds.storageType, ${AGAIN}` }),
  ],
  [
    /^(KMSKeyNotAccessible|KMSKeyDisabled|KMSInvalidState|KMSAccessDenied|KMSNotFound)/,
    (e) => ({
      what: 'The KMS key cannot be used',
      why: e.message,
      next: `Check rds.kmsKey and secrets.kmsKey in infra.yaml: the key must be of this region, enabled, and allow this identity kms:CreateGrant, kms:Decrypt and kms:DescribeKey, ${AGAIN}`,
    }),
  ],
]
