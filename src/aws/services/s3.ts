// Only what is used: the bundle carries the schemas of these operations and no others.
export {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client as Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
