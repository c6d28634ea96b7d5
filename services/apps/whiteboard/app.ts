export { whiteboard as default } from './whiteboard.ts';
