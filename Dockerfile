# The service, for this computer alone:  docker compose up
FROM python:3.12-slim AS build
WORKDIR /source
COPY . .
RUN pip install --no-cache-dir --prefix=/installed --constraint constraints.txt '.[serve,heif,video]'

FROM python:3.12-slim
COPY --from=build /installed /usr/local
RUN useradd --uid 1000 impasto && install --directory --owner impasto /data
USER 1000
# Your own styles, and networks that OpenVINO has compiled. Nothing else is written; films are kept in /tmp, other uploads in memory.
ENV XDG_DATA_HOME=/data XDG_CACHE_HOME=/data/cache PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/api/v1/health', timeout=3)"]
ENTRYPOINT ["impasto"]
CMD ["serve", "--host", "0.0.0.0"]
