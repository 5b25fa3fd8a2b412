# The light package: runs campaigns on the embedded model or on any API. Mount a folder with a campaign at /campaign.
FROM python:3.11-slim
WORKDIR /opt/miniatures
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY miniatures ./miniatures
RUN pip install --no-cache-dir -c constraints.txt . && miniatures models pull smollm2-135m-instruct
RUN useradd --create-home marketer && mkdir -p /campaign /opt/miniatures/home/trusted && \
    chown marketer /campaign /opt/miniatures/home/trusted
ENV MINIATURES_HOME=/opt/miniatures/home
WORKDIR /campaign
USER marketer
ENTRYPOINT ["miniatures"]
CMD ["--help"]
