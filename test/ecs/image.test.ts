import { describe, expect, it } from 'vitest'
import { ecrImage, imageFor, parseImage, presenceOf, pushLines } from '../../src/ecs/image.ts'
import { account, awsError } from './support.ts'

const DIGEST = `sha256:${'a1'.repeat(32)}`
const ECR = '111122223333.dkr.ecr.us-east-1.amazonaws.com/shop/web'

describe('the parts of an image', () => {
  it.each([
    ['nginx', 'nginx', undefined, undefined],
    ['nginx:1.27', 'nginx', '1.27', undefined],
    ['shop/web:v1', 'shop/web', 'v1', undefined],
    ['127.0.0.1:5000/shop/web', '127.0.0.1:5000/shop/web', undefined, undefined],
    ['127.0.0.1:5000/shop/web:v1', '127.0.0.1:5000/shop/web', 'v1', undefined],
    [`nginx@${DIGEST}`, 'nginx', undefined, DIGEST],
    [`127.0.0.1:5000/web:v1@${DIGEST}`, '127.0.0.1:5000/web', 'v1', DIGEST],
  ])('%s', (image, repository, tag, digest) => {
    expect(parseImage(image)).toEqual({ repository, tag, digest })
  })
})

describe('the image that is meant', () => {
  it.each([
    ['v2', 'nginx:1.26', 'nginx:v2'],
    [':v2', 'nginx:1.26', 'nginx:v2'],
    ['1.27', 'nginx', 'nginx:1.27'],
    ['v2', `${ECR}:v1`, `${ECR}:v2`],
    ['v2', '127.0.0.1:5000/shop/web', '127.0.0.1:5000/shop/web:v2'],
    ['v2', `127.0.0.1:5000/shop/web:v1@${DIGEST}`, '127.0.0.1:5000/shop/web:v2'],
    [DIGEST, `${ECR}:v1`, `${ECR}@${DIGEST}`],
    [`@${DIGEST}`, `${ECR}:v1`, `${ECR}@${DIGEST}`],
    ['nginx:1.27', ECR, 'nginx:1.27'],
    ['shop/web', ECR, 'shop/web'],
    ['localhost:5000/web:v1', ECR, 'localhost:5000/web:v1'],
    [`shop/web@${DIGEST}`, ECR, `shop/web@${DIGEST}`],
    [`${ECR}:v3`, 'nginx', `${ECR}:v3`],
  ])('--image %s of %s', (wish, running, image) => {
    expect(imageFor(running, wish)).toBe(image)
  })
  it.each([
    '',
    ' ',
    'a b',
    '-x',
    'sha256:abc:def',
    'x'.repeat(129),
    '/web',
    'web:',
    'web:v1:v2',
    'https://x/web',
    'a/b@sha256:12',
  ])('--image "%s" is none', (wish) => {
    expect(() => imageFor('nginx:1.26', wish)).toThrow(/is no image/)
  })
  it('a tag needs a repository', () => {
    expect(() => imageFor(undefined, 'v2')).toThrow(/has no image/)
  })
})

describe('whether it is in the registry', () => {
  const here = { account: '111122223333', region: 'us-east-1' }
  it('asks that of this account and region, by tag or digest', async () => {
    const aws = account({ DescribeImages: { imageDetails: [{}] } })
    expect(await presenceOf(aws, `${ECR}:v2`, here)).toBe('there')
    expect(await presenceOf(aws, ECR, here)).toBe('there')
    expect(await presenceOf(aws, `${ECR}:v2@${DIGEST}`, here)).toBe('there')
    expect(aws.sent.map(([, input]) => input)).toEqual([
      { repositoryName: 'shop/web', imageIds: [{ imageTag: 'v2' }] },
      { repositoryName: 'shop/web', imageIds: [{ imageTag: 'latest' }] },
      { repositoryName: 'shop/web', imageIds: [{ imageDigest: DIGEST }] },
    ])
  })
  it('it is not, or its repository is not', async () => {
    const told = (name: string) => presenceOf(account({ DescribeImages: awsError(name) }), `${ECR}:v2`, here)
    expect(await told('ImageNotFoundException')).toBe('missing')
    expect(await told('RepositoryNotFoundException')).toBe('no repository')
    expect(await presenceOf(account({ DescribeImages: { imageDetails: [] } }), `${ECR}:v2`, here)).toBe('missing')
  })
  it('who may not ask, or asks another registry, does not know', async () => {
    expect(await presenceOf(account({ DescribeImages: awsError('AccessDeniedException') }), `${ECR}:v2`, here)).toEqual({
      unknown: expect.stringContaining('ecr:DescribeImages'),
    })
    const silent = account({})
    for (const image of ['nginx:1', ECR.replace('us-east-1', 'eu-west-1'), ECR.replace('1111', '9999')])
      expect(await presenceOf(silent, image, here)).toHaveProperty('unknown')
    expect(silent.sent).toEqual([])
    await expect(presenceOf(account({ DescribeImages: awsError('ServerException') }), `${ECR}:v2`, here)).rejects.toThrow(
      'ServerException',
    )
  })
  it.each([
    ['dkr.ecr.us-east-1.amazonaws.com', 'us-east-1'],
    ['dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['dkr.ecr.eusc-de-east-1.amazonaws.eu', 'eusc-de-east-1'],
    ['dkr-ecr.us-east-1.on.aws', 'us-east-1'],
    ['dkr-ecr-fips.us-east-1.on.aws', 'us-east-1'],
    ['dkr-ecr.cn-north-1.on.amazonwebservices.com.cn', 'cn-north-1'],
  ])('a registry at %s', (host, region) => {
    expect(ecrImage(`111122223333.${host}/shop/web:v2`)).toMatchObject({
      account: '111122223333',
      region,
      name: 'shop/web',
      tag: 'v2',
    })
  })

  it('how to push it', () => {
    const at = ecrImage(`${ECR}:v2`)
    expect(at).toMatchObject({ name: 'shop/web', region: 'us-east-1', account: '111122223333', tag: 'v2' })
    expect(at && pushLines(at, false)).toEqual([
      'aws ecr get-login-password --region us-east-1 | docker login --username AWS --password-stdin 111122223333.dkr.ecr.us-east-1.amazonaws.com',
      `docker build -t ${ECR}:v2 .`,
      `docker push ${ECR}:v2`,
    ])
    expect(at && pushLines(at, true)).toEqual(['infra sandbox push shop/web:v2'])
    expect(ecrImage('public.ecr.aws/docker/library/nginx:1')).toBeUndefined()
    expect(ecrImage('111122223333.dkr.ecr.us-east-1.example.com/web:1')).toBeUndefined()
  })
})
