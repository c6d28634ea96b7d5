import { certificateLevel, roleOf, shareLeft } from '../model/certificates.ts';
import { durationText } from '../model/text.ts';
import { chain, now } from '../store.ts';

/** What the edge shows to who comes anew, and for how long each certificate is good. */
export function Certificates() {
  const { endpoint, certificates = [], problem } = chain.value ?? {};
  return (
    <section class="card panel" aria-labelledby="certificates-title">
      <div class="ops-head">
        <h2 id="certificates-title">Certificates</h2>
        {endpoint !== undefined && <p class="ops-note ops-mono">{endpoint}</p>}
      </div>
      {chain.value === undefined && <p class="ops-empty">The edge has not been asked yet.</p>}
      {problem !== undefined && (
        <p class="ops-problem" role="alert">
          {problem}
        </p>
      )}
      <ul class="certificates" data-testid="certificates">
        {certificates.map((certificate, index) => {
          const { subject, names, notAfter } = certificate;
          const level = certificateLevel(certificate, now.value);
          const left = notAfter - now.value;
          const percent = Math.round(shareLeft(certificate, now.value) * 100);
          return (
            <li key={`${subject}-${notAfter}`} class={`certificate certificate-${level}`}>
              <div class="certificate-head">
                <b>{roleOf(certificates, index)}</b>
                <span class="certificate-left">{left > 0 ? `${durationText(left)} left` : 'expired'}</span>
              </div>
              <p class="certificate-name">{index === 0 && names.length > 0 ? names.join(', ') : subject}</p>
              <svg
                viewBox="0 0 100 4"
                preserveAspectRatio="none"
                role="img"
                aria-label={`${percent} % of its life is left`}
              >
                <rect class="bar-whole" width="100" height="4" />
                <rect class="bar-left" width={percent} height="4" />
              </svg>
              <p class="ops-note">until {new Date(notAfter).toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
