import { useId } from 'preact/hooks';
import { STRENGTHS } from '../../apps/grid/bot/strategy.ts';
import { busy, playBot } from '../actions.ts';
import { botComesIn, callBot, mayCallBot } from '../bots.ts';
import { count } from '../model/format.ts';
import { chooseStrength, settings, strength } from '../preferences.ts';
import { game } from '../session.ts';

/** A bot for a waiting game. It comes automatically after a quick match, and otherwise when the player calls it. */
export function BotOffer() {
  const shown = game.value;
  if (!shown || !mayCallBot.value) return null;
  const seconds = botComesIn.value;
  return (
    <section class="card bot-offer" aria-label="Play a bot" data-testid="bot-offer">
      <p data-testid="bot-comes-in">
        {seconds === undefined ? 'Nobody around?' : `If nobody comes, a bot does in ${count(seconds, 'second')}.`}
      </p>
      <StrengthPicker />
      <button
        type="button"
        class="button"
        data-testid="call-bot"
        disabled={busy.value}
        onClick={() => callBot(shown.room.code)}
      >
        Play a bot
      </button>
    </section>
  );
}

/** The way from the lobby to a game with a bot, in one click. */
export function PlayBot() {
  return (
    <div class="bot-offer" data-testid="play-bot-offer">
      <StrengthPicker />
      <button
        type="button"
        class="button"
        data-testid="play-bot"
        disabled={busy.value}
        onClick={() => void playBot(settings.value)}
      >
        Play a bot
      </button>
    </div>
  );
}

/** How well bots play. */
function StrengthPicker() {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">How well the bot plays</legend>
      {STRENGTHS.map((one) => (
        <label key={one} class="segment">
          <input
            type="radio"
            name={name}
            value={one}
            data-testid={`strength-${one}`}
            checked={strength.value === one}
            onChange={() => chooseStrength(one)}
          />
          <span>{`${one[0]!.toUpperCase()}${one.slice(1)}`}</span>
        </label>
      ))}
    </fieldset>
  );
}
