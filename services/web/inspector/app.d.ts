// The application that the build inserts.
declare module 'application' {
  import type { AnyRoomType } from '../../protocol/index.ts';

  const room: AnyRoomType;
  export default room;
}
