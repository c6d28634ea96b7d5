import { useSignal } from '@preact/signals';
import type { PagedList } from '../paged-list.ts';

interface SearchProps {
  readonly list: PagedList<any, any>;
  readonly label: string;
  readonly placeholder: string;
}

/** The field to search a list with; an empty one lists all. */
export function Search({ list, label, placeholder }: SearchProps) {
  const text = useSignal('');
  return (
    <form
      class="search"
      role="search"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        void list.begin(text.value);
      }}
    >
      <input
        type="search"
        aria-label={label}
        placeholder={placeholder}
        maxLength={100}
        value={text.value}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
      />
      {/* Not disabled during a request, because Enter would then do nothing. */}
      <button type="submit" class="button small">
        {text.value === '' ? 'Refresh' : 'Search'}
      </button>
    </form>
  );
}

const emptyText = ({ hasMore, search }: PagedList<any, any>, empty: string): string =>
  hasMore ? 'Nothing found so far.' : search === '' ? empty : `Nothing matches "${search}".`;

/** The text below a list: that it is empty, a problem, or a button for more. */
export function ListEnd({ list, empty }: { list: PagedList<any, any>; empty: string }) {
  return (
    <>
      {list.items?.length === 0 && !list.isReading && <p class="ops-empty">{emptyText(list, empty)}</p>}
      <p class="ops-problem" role="alert">
        {list.problem}
      </p>
      {list.hasMore && (
        <button type="button" class="button small" disabled={list.isReading} onClick={() => void list.more()}>
          {list.isReading ? 'Reading…' : 'More'}
        </button>
      )}
    </>
  );
}
