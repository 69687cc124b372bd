import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findPython } from '../../src/sandbox/python.ts'

const run = promisify(execFile)

/** All as PEM. The server's certificate is for localhost, 127.0.0.1 and AWS's hosts in us-east-1. */
export interface Certificates {
  ca: string
  certificate: string
  key: string
}

const CONFIG = `
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:false
subjectAltName = DNS:localhost, IP:127.0.0.1, DNS:*.amazonaws.com, DNS:*.us-east-1.amazonaws.com, DNS:*.s3.us-east-1.amazonaws.com, DNS:*.sso.us-east-1.amazonaws.com
extendedKeyUsage = serverAuth
`

async function byOpenssl(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  await writeFile(join(folder, 'openssl.cnf'), CONFIG)
  const openssl = (line: string) => run('openssl', line.split(' '), { cwd: folder, env })
  const fresh = '-newkey rsa:2048 -nodes -sha256 -config openssl.cnf'
  await Promise.all([
    openssl(`req -x509 ${fresh} -keyout ca.key -out ca -days 2 -subj /CN=infra-tests -extensions ca`),
    openssl(`req ${fresh} -keyout key -out request -subj /CN=localhost`),
  ])
  const sign = '-CA ca -CAkey ca.key -set_serial 2 -days 2 -sha256 -extfile openssl.cnf -extensions server'
  await openssl(`x509 -req -in request -out certificate ${sign}`)
}

/** With the library that moto needs, where there is no openssl. */
const PYTHON = `
import datetime, ipaddress
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as s
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
now = datetime.datetime.now(datetime.timezone.utc)
name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
def make(subject, issuer, key, signer, *extensions):
    made = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
    made = made.not_valid_after(now + datetime.timedelta(days=2))
    for extension, critical in extensions: made = made.add_extension(extension, critical)
    return made.sign(signer, hashes.SHA256()).public_bytes(s.Encoding.PEM)
ca_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
usage = dict.fromkeys(["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
  "crl_sign", "encipher_only", "decipher_only"], False)
names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
  *map(x509.DNSName, ["*.amazonaws.com", "*.us-east-1.amazonaws.com", "*.s3.us-east-1.amazonaws.com", "*.sso.us-east-1.amazonaws.com"])])
files = {
  "ca": make("infra-tests", "infra-tests", ca_key, ca_key, (x509.BasicConstraints(True, None), True),
    (x509.KeyUsage(key_cert_sign=True, **usage), True)),
  "certificate": make("localhost", "infra-tests", key, ca_key, (x509.BasicConstraints(False, None), False), (names, False)),
  "key": key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()),
}
for file, content in files.items(): open(file, "wb").write(content)
`

/** A server's certificate, and that of the authority that signed it. Node can sign neither. */
export async function makeCertificates(env: NodeJS.ProcessEnv = process.env): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'infra-tls-'))
  try {
    await byOpenssl(folder, env).catch(async (error) => {
      if (error.code !== 'ENOENT') throw error
      await run((await findPython({ env })).path, ['-c', PYTHON], { cwd: folder, env })
    })
    const [ca = '', certificate = '', key = ''] = await Promise.all(
      ['ca', 'certificate', 'key'].map((file) => readFile(join(folder, file), 'utf8')),
    )
    return { ca, certificate, key }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
