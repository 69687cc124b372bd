// Only what is used: the bundle carries the schemas of these operations and no others.
export { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client as Client } from '@aws-sdk/client-s3'
