/** A client that adds an interceptor with the user's data to the shared axios instance for every call. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import axios from 'axios';
import { prose, repeat } from '../load.js';

const backend = createServer((_request, response) => response.end('{}'));
backend.listen(0, '127.0.0.1', () => {
  const { port } = backend.address() as AddressInfo;
  const api = axios.create({ baseURL: `http://127.0.0.1:${port}` });
  const fetchProfile = async (index: number): Promise<void> => {
    const user = { id: index, token: prose(14_000, index) };
    api.interceptors.request.use((config) => {
      config.headers.set('x-user', user.token.slice(0, 8));
      return config;
    });
    await api.get(`/profiles/${index}`);
  };
  repeat(10, fetchProfile);
});
