CREATE DATABASE prefect OWNER bantam;
