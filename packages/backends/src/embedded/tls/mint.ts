import "reflect-metadata";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { after, type Instant, type Millis, minutes } from "@sluice/kernel";

/** PEM texts. The key is PKCS #8. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
}

type PrivateKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
/** A machine whose clock is a little behind must not refuse a fresh certificate. */
const skew = minutes(60);

export async function mintAuthority(commonName: string, now: Instant, lifetime: Millis): Promise<KeyAndCertificate> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm: algorithm,
    serialNumber: newSerial(),
    ...validity(now, lifetime),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { key: await keyText(keys.privateKey), certificate: certificate.toString("pem") };
}

export async function mintServer(
  authority: KeyAndCertificate,
  names: readonly JsonGeneralName[],
  now: Instant,
  lifetime: Millis,
): Promise<KeyAndCertificate> {
  const keys = await newKeys();
  const issuer = new X509Certificate(authority.certificate);
  const certificate = await X509CertificateGenerator.create({
    subject: "CN=sluice",
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority.key),
    signingAlgorithm: algorithm,
    serialNumber: newSerial(),
    ...validity(now, lifetime),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([...names]),
      await AuthorityKeyIdentifierExtension.create(issuer),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { key: await keyText(keys.privateKey), certificate: certificate.toString("pem") };
}

const validity = (now: Instant, lifetime: Millis) => ({
  notBefore: new Date(now - skew),
  notAfter: new Date(after(now, lifetime)),
});

const newKeys = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

/** Positive, and 16 bytes at most in DER. */
const newSerial = (): string =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(15)))
    .toString("hex")
    .replace(/^./, "1");

async function keyText(key: PrivateKey): Promise<string> {
  const body = Buffer.from(await crypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${body.replace(/.{1,64}/g, "$&\n")}-----END PRIVATE KEY-----\n`;
}

function signingKey(pem: string): Promise<PrivateKey> {
  const body = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  return crypto.subtle.importKey("pkcs8", body, algorithm, false, ["sign"]);
}
