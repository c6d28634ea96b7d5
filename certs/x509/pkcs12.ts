import { type KeyObject, webcrypto, type X509Certificate } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';

const ITERATIONS = 210_000;
const FRIENDLY_NAME_OID = '1.2.840.113549.1.9.20';
const LOCAL_KEY_ID_OID = '1.2.840.113549.1.9.21';
const KEY_BAG_OID = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG_OID = '1.2.840.113549.1.12.10.1.3';

/** Key and certificates (leaf first) in PKCS#12, encrypted with AES-256 and protected with SHA-256. */
export async function toPkcs12(
  key: KeyObject,
  chain: readonly X509Certificate[],
  passphrase: string,
  name: string,
): Promise<Uint8Array> {
  const engine = new pkijs.CryptoEngine({ name: 'node', crypto: webcrypto as never });
  const password = Uint8Array.from(Buffer.from(passphrase, 'utf8')).buffer;
  const encryption = {
    password,
    contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256 } as pkijs.ContentEncryptionAesCbcParams,
    hmacHashAlgorithm: 'SHA-256',
    iterationCount: ITERATIONS,
  };
  const attributes = () => [
    new pkijs.Attribute({ type: FRIENDLY_NAME_OID, values: [new asn1js.BmpString({ value: name })] }),
    new pkijs.Attribute({
      type: LOCAL_KEY_ID_OID,
      values: [new asn1js.OctetString({ valueHex: Uint8Array.from([1]).buffer })],
    }),
  ];

  const pkcs8 = Uint8Array.from(key.export({ type: 'pkcs8', format: 'der' }));
  const shrouded = new pkijs.PKCS8ShroudedKeyBag({ parsedValue: pkijs.PrivateKeyInfo.fromBER(pkcs8) });
  await shrouded.makeInternalValues(encryption, engine);
  const keyBag = new pkijs.SafeBag({ bagId: KEY_BAG_OID, bagValue: shrouded, bagAttributes: attributes() });
  const certificateBags = chain.map((certificate, index) => {
    const parsedValue = pkijs.Certificate.fromBER(Uint8Array.from(certificate.raw));
    const bag = { bagId: CERTIFICATE_BAG_OID, bagValue: new pkijs.CertBag({ parsedValue }) };
    return new pkijs.SafeBag(index === 0 ? { ...bag, bagAttributes: attributes() } : bag);
  });

  const contents = (bags: pkijs.SafeBag[], privacyMode: number) => ({
    privacyMode,
    value: new pkijs.SafeContents({ safeBags: bags }),
  });
  const authenticatedSafe = new pkijs.AuthenticatedSafe({
    parsedValue: { safeContents: [contents([keyBag], 0), contents(certificateBags, 1)] },
  });
  // The key is encrypted in its own bag, and all certificates together.
  await authenticatedSafe.makeInternalValues({ safeContents: [{}, encryption] }, engine);
  const pfx = new pkijs.PFX({ parsedValue: { integrityMode: 0, authenticatedSafe } });
  await pfx.makeInternalValues(
    { password, iterations: ITERATIONS, pbkdf2HashAlgorithm: 'SHA-256', hmacHashAlgorithm: 'SHA-256' },
    engine,
  );
  return new Uint8Array(pfx.toSchema().toBER(false));
}
