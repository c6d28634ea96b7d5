/** The parts of a document that Preact needs to render text into elements. */
export class FakeNode {
  readonly childNodes: FakeNode[] = [];
  readonly nodeType: number;
  readonly localName: string | undefined;
  readonly ownerDocument: unknown;
  readonly namespaceURI = 'http://www.w3.org/1999/xhtml';
  readonly attributes: readonly never[] = [];
  parentNode: FakeNode | null = null;
  data: string;

  constructor(localName: string | undefined, data: string, ownerDocument: unknown) {
    this.nodeType = localName === undefined ? 3 : 1;
    this.localName = localName;
    this.data = data;
    this.ownerDocument = ownerDocument;
  }

  get firstChild(): FakeNode | null {
    return this.childNodes[0] ?? null;
  }

  get nextSibling(): FakeNode | null {
    const siblings = this.parentNode?.childNodes ?? [];
    return siblings[siblings.indexOf(this) + 1] ?? null;
  }

  get textContent(): string {
    return this.data + this.childNodes.map(({ textContent }) => textContent).join('');
  }

  appendChild(node: FakeNode): FakeNode {
    return this.insertBefore(node, null);
  }

  insertBefore(node: FakeNode, before: FakeNode | null): FakeNode {
    node.parentNode?.removeChild(node);
    const at = before ? this.childNodes.indexOf(before) : this.childNodes.length;
    this.childNodes.splice(at, 0, node);
    node.parentNode = this;
    return node;
  }

  removeChild(node: FakeNode): FakeNode {
    this.childNodes.splice(this.childNodes.indexOf(node), 1);
    node.parentNode = null;
    return node;
  }

  remove(): void {
    this.parentNode?.removeChild(this);
  }
}

/** Makes the document of this process. */
export function installFakeDocument(): FakeNode {
  const document = {
    createElement: (name: string) => new FakeNode(name, '', document),
    createElementNS: (_: string, name: string) => new FakeNode(name, '', document),
    createTextNode: (data: string) => new FakeNode(undefined, data, document),
  };
  Object.assign(globalThis, { document });
  return new FakeNode('body', '', document);
}
