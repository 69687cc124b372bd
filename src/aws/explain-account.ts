import { AGAIN, type Rule, type Surroundings, type Words } from './explain-rule.ts'
import { isOptIn, supportUrl } from './regions.ts'

const profileOf = (at: Surroundings): string => (at.profile ? ` --profile ${at.profile}` : '')

const signIn = (at: Surroundings): string =>
  `Sign in again (aws sso login${profileOf(at)}, aws login, or new keys), then run the same command: it goes on where it stopped`

const clock = (e: Error): Words => ({
  what: 'The clock of this machine is wrong',
  why: e.message,
  next: `Set the clock, ${AGAIN}`,
})

/** STS and EC2 of a region that is off do not know the account: they say the same as to wrong keys. */
const regionOff = (e: Error, at: Surroundings): Words => ({
  what: `AWS does not accept these credentials in ${at.region}`,
  why: `${e.message} ${at.region} is off in an account until somebody enables it, and then it says the same as to wrong keys`,
  next: `aws sts get-caller-identity --region us-east-1${profileOf(at)} tells which: if it answers, enable the region (aws account enable-region --region-name ${at.region}${profileOf(at)}, some minutes) or choose another --region; else check the credentials`,
})

const REFUSED =
  /^(InvalidClientTokenId|UnrecognizedClient|InvalidSignature|SignatureDoesNotMatch|AuthFailure|InvalidAccessKeyId|IncompleteSignature|MissingAuthenticationToken)/

/** The account and who calls: credentials that are not taken, regions that are off, plans that do not allow it. */
export const ACCOUNT_RULES: readonly Rule[] = [
  [
    /^(ExpiredToken|RequestExpired|TokenRefreshRequired)/,
    (_e, at) => ({
      what: 'The AWS credentials have expired',
      why: 'temporary credentials last some hours',
      next: signIn(at),
      code: 'credentials',
    }),
  ],
  [/^RequestTimeTooSkewed/, clock],
  // Otherwise these mean wrong keys.
  [/^(InvalidSignature|SignatureDoesNotMatch|AuthFailure)/, clock, /Signature (expired|not yet current)/i],
  [
    /^AuthFailure/,
    (e) => ({
      what: 'It belongs to another account, or is not shared with this one',
      why: e.message,
      next: `Correct the id in infra.yaml (vpc.id, vpc.publicSubnetIds, vpc.privateSubnetIds, a key), ${AGAIN}`,
    }),
    /permission to access the specified resource|not authorized for (images|snapshots)/i,
  ],
  [
    REFUSED,
    (e, at) =>
      isOptIn(at.region) && /^(InvalidClientTokenId|UnrecognizedClient|AuthFailure)/.test(e.name)
        ? regionOff(e, at)
        : {
            what: 'AWS does not accept these credentials',
            why: e.message,
            next: 'Check AWS_PROFILE and the AWS_ACCESS_KEY_ID variables: aws sts get-caller-identity tells who you are',
            code: 'credentials',
          },
  ],
  [
    /^OptInRequired/,
    (e, at) =>
      isOptIn(at.region)
        ? {
            what: `The region ${at.region} is not enabled in this account`,
            why: e.message,
            next: `aws account enable-region --region-name ${at.region}${profileOf(at)} (some minutes), or choose another --region`,
          }
        : {
            what: 'AWS has not finished setting up this account',
            why: e.message,
            next: `Finish the registration (a way to pay, a phone number) in the AWS console, wait up to a day, ${AGAIN}`,
          },
  ],
  [
    /^PendingVerification/,
    (e, at) => ({
      what: 'AWS is still verifying this account',
      why: e.message,
      next: `It takes minutes, seldom four hours; then run the same command again, or ask at ${supportUrl(at.region)}`,
    }),
  ],
  // https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/free-tier-plans.html
  [
    /^FreeTierRestriction/,
    (e) => ({
      what: "AWS's free plan does not allow this",
      why: e.message,
      next: `Set ${/backup/i.test(e.message) ? 'rds.backupRetentionDays: 1' : /instance|class|size/i.test(e.message) ? 'rds.instanceClass: db.t4g.micro' : 'rds.instanceClass: db.t4g.micro and rds.backupRetentionDays: 1'} in infra.yaml, or upgrade the plan (aws freetier upgrade-account-plan --account-plan-type PAID), ${AGAIN}`,
    }),
  ],
  [
    /^(InvalidParameterCombination|InvalidParameterValue|Unsupported)$/,
    (e) => ({
      what: "AWS's free plan does not allow this instance type",
      why: e.message,
      next: `Set bastion.instanceType: t4g.micro (or t3.micro) in infra.yaml, or upgrade the plan (aws freetier upgrade-account-plan --account-plan-type PAID), ${AGAIN}`,
    }),
    /not eligible for Free Tier/i,
  ],
]
